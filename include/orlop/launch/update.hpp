// New settings for the cgroups of a container that is there: all of them, or none.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/plan/update.hpp"

namespace orlop::launch {

// Refuses a container that has stopped. On failure the old values stand again.
void update(container::ContainerDir& container, plan::Update const& update);
// Lines for the schemata of its resctrl group; refused if it is in none of its own choice.
void update_schemata(container::Record const& record, std::vector<std::string> const& lines);

}  // namespace orlop::launch
