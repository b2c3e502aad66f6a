// The filter of system calls of a process: seccomp(2), Documentation/userspace-api/seccomp_filter.rst. A program of
// classic BPF sees each call and answers with a SECCOMP_RET_* value.
#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <vector>

namespace orlop::kernel {

using FilterProgram = std::vector<sock_filter>;

// Whether this kernel knows all of these SECCOMP_FILTER_FLAG_*.
bool knows_filter_flags(unsigned flags);

// The calling thread is under the filter from the next call on. Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace
// of the process. Gives the listener's descriptor (with SECCOMP_FILTER_FLAG_NEW_LISTENER) or 0, or -1 with errno.
int load_filter(FilterProgram const& program, unsigned flags) noexcept;

}  // namespace orlop::kernel
