// Namespaces made at birth or later: clone(2) (clone3), unshare(2), namespaces(7).
// The caller is single-threaded; the child goes on in the caller's frame, with a copy of its memory.
#pragma once
#include "orlop/base/child.hpp"

#include <cstdint>
#include <optional>
#include <sched.h>

// Kernel 5.6, clone(2); older headers lack it.
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace orlop::kernel {

// In the child: nullopt. `cgroup` is a directory of a cgroup v2 tree in which the child is born, or -1.
// Errors: EPERM (no CAP_SYS_ADMIN), EUSERS/ENOSPC (a limit of /proc/sys/user), EBUSY (a v2 cgroup with controllers).
std::optional<Child> clone_into(std::uint64_t namespaces, int cgroup);

void unshare_namespaces(std::uint64_t namespaces);

}  // namespace orlop::kernel
