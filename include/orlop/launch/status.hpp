// A container's status joined with the freezer's; pause and resume. Every command asks here, not container/status.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/freezer.hpp"

#include <optional>
#include <span>
#include <string>

namespace orlop::launch {

container::Status status_of(container::ContainerDir const& container, container::Record const& record);
// What `state` says; of a container that is just being created, of one moment.
container::StateReport report_of(container::ContainerDir const& container);

// Throws Error if the container was made in a cgroup that was there before it: whose processes these are is unknown.
void refuse_without_own_cgroup(container::Record const& record);

// Of the container's own cgroups; nullopt if none of them has one (a cgroup that was there before is not its own).
std::optional<kernel::Freezer> try_freezer_of(container::Record const& record);
// What is killed while frozen dies on v1 when it is thawed. Without effect if there is nothing to thaw.
void thaw_after_kill(std::span<std::string const> cgroups);

// "container not running" unless created or running. Waits until every process stands, but not for ever.
void pause(container::ContainerDir const& container);
// "container not paused". Also ends a pause that was killed half way.
void resume(container::ContainerDir const& container);

}  // namespace orlop::launch
