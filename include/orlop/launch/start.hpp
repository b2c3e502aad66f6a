// Opens the gate of a created container: init executes the program, or says why it cannot.
#pragma once
#include "orlop/container/container_dir.hpp"

namespace orlop::launch {

// A container whose poststart hook fails is killed and deleted.
// "cannot start an already running container", "cannot start a container that has stopped"; the failure of the execve.
void start(container::ContainerDir container);

}  // namespace orlop::launch
