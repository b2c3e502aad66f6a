// What is mounted, detached: made in the child where it can, and in the parent where ids are mapped, which needs the
// initial user namespace, and where a bind mount stays a peer of the host's.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// The parent's answer to open_mount, map_mount and open_source; the descriptor may be closed.
Fd answer_of_parent(plan::Plan const& plan, Heard& heard);

// A new file system; `target` is where it will be mounted, which a rare option needs as a place to work.
Fd open_filesystem(plan::Mount const& mount, int target);

}  // namespace orlop::launch
