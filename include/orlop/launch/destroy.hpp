// The end of a container: its processes, its cgroups, its directory. Works on what a killed command has left, too.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"

namespace orlop::launch {

// Nothing of it lives any more, or may live: removes cgroups and directory, then runs the poststop hooks.
void destroy(container::ContainerDir& container, container::Record const& record);
// By status: a stopped or created container is destroyed; a running one only by force, "cannot delete container ID that
// is not stopped: running" otherwise; one that is being created only by force, and its maker is killed.
void remove_container(container::ContainerDir& container, bool force);
// Kills init and waits for its end.
void stop_container(container::Record const& record);
// "container not running" when there is no init to get it.
// To every process in the container's own cgroups (to init, if it has none of its own); none is fine.
void signal_all(container::ContainerDir const& container, int signal);
void signal_container(container::ContainerDir const& container, int signal);

}  // namespace orlop::launch
