// What is mounted, detached: made in the child where it can, and in the parent where ids are mapped, which needs the
// initial user namespace, and where a bind mount stays a peer of the host's.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// The parent's answer to open_mount: but for a peer made private recursively, for it is no copy of the container's own
// mount tree, and events of the host's peers would reach it.
Fd open_by_parent(plan::Mount const& mount);

// A new file system; `target` is where it will be mounted, which a rare option needs as a place to work.
Fd open_filesystem(plan::Mount const& mount, int target);

}  // namespace orlop::launch
