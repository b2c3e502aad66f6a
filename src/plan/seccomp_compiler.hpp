// The rules of linux.seccomp, compiled.
#pragma once
#include "orlop/plan/plan.hpp"

namespace orlop::plan {

// Fills plan.process.seccomp, which is there, but for its flags and its listener. True: a rule notifies.
bool compile_seccomp(oci::LinuxSeccomp const& profile, bool wants_known_names, Plan& plan);

}  // namespace orlop::plan
