// New settings for the cgroups of a container that is there: all of them, or none.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/plan/update.hpp"

namespace orlop::launch {

// On failure the old values stand again. `wanted` is what `update` was made of; `schemata`: lines for its group of
// resctrl, refused if it is in none of its own choice. The caller holds the lock of changes.
void update(container::ContainerDir& container, container::Record const& record, plan::Update const& update,
            oci::LinuxResources const& wanted, std::vector<std::string> const& schemata);

// Whether an update that was killed half way has to be taken back. One that was killed behind its last value has not.
bool is_half_done(container::ContainerDir const& container, container::UnfinishedUpdate const& left);
// Takes it back. `update` is made of its `wanted` again.
void take_back(container::ContainerDir& container, container::Record const& record, plan::Update const& update,
               container::UnfinishedUpdate const& left) noexcept;

}  // namespace orlop::launch
