// Mounts of a container that is there: `orlop mounts add` and `remove`. By one process of ours, which says on the channel
// how it went (join.hpp has the same dance): namespaces(7), mount_namespaces(7).
//
//   after               namespaces                           user                    reach
//   clone3              the caller's; of pid the             as the caller           the host's files
//                       container's, for a procfs
//   enter_outside       init's, but for mounts: there a      root in the container   the host's files, with what is
//                       copy of the host's, as at create                             locked there for the container
//   enter_inside        all of init's                        "                       the container's root
//
// So a mount is opened where everything that the container may not change is locked, and put on its place where every
// path is the container's: by descriptor, in its own root.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// A descriptor of the container's init. An Error if it has ended, or is being made.
Fd hold_init_for_mounts(container::ContainerDir const& container, container::Record const& record);

// All of the plan's mounts, or none: behind an Error what was mounted is taken off again; directories and files that were
// made to mount on stay.
void add_mounts(plan::Plan const& plan, container::Record const& record, Fd init);
// Takes off what is mounted at the destinations, the deeper first; nothing if one of them is no mount. No symbolic link is
// followed: the container could have put one there that leads to a mount which hides something from it.
void remove_mounts(plan::Plan const& plan, container::Record const& record, Fd init);

}  // namespace orlop::launch
