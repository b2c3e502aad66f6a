// The kernel's side of a seccomp filter: runs a program of classic BPF on one call, with the checks that the kernel makes
// before it takes a program. bpf(4), Documentation/networking/filter.rst.
#pragma once
#include "orlop/kernel/seccomp.hpp"

#include <cstdint>
#include <string>

namespace plan_test {

// "" if the kernel would take it, else what is wrong.
std::string fault_of(orlop::kernel::FilterProgram const& program);
// SECCOMP_RET_* and its data. The program has no fault.
std::uint32_t answer_of(orlop::kernel::FilterProgram const& program, seccomp_data const& call);

}  // namespace plan_test
