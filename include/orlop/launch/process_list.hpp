// The processes of a container: those in its own cgroups, wherever in them, as our pid namespace counts them.
#pragma once
#include "orlop/container/container_dir.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace orlop::launch {

// Ascending, each once; one of these directories may hold what another has not. Gone cgroups have none.
std::vector<pid_t> processes_in(std::vector<std::string> const& cgroups);

// Empty when it has stopped. An Error if it has no cgroup of its own.
std::vector<pid_t> processes_of(container::ContainerDir const& container);

}  // namespace orlop::launch
