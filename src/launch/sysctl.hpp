// The container's kernel parameters, set from inside its namespaces.
#pragma once
#include "orlop/kernel/sysctl.hpp"

#include <vector>

namespace orlop::launch {

// Before any mount of the container is made: no procfs of its own is in the way.
void set_sysctls(std::vector<kernel::Sysctl> const& sysctls);

}  // namespace orlop::launch
