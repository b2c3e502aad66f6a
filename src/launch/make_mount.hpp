// A mount of the plan in its two halves: opened, detached, where the host's files are seen; and put on its place inside
// the root, which is a descriptor. make_mounts (rootfs.hpp) does both at once for each mount of a new container; in one
// that is there the mount namespace changes between them (mounts.hpp).
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/launch/source.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// Whom we ask for what we cannot open ourselves.
struct Opener {
  plan::Plan const& plan;
  SourceOpener const& sources;
  int channel;
};

// `place`: in the plan's list. `target`: where a new file system will be mounted, or any other directory that a rare
// option can use to work in; not for tmpcopyup, whose file system is a copy of what lies there: open_copy.
Fd open_filesystem(Opener const& opener, plan::Mount const& mount, std::int32_t place, int target);
Fd open_copy(plan::Mount const& mount, int target);
Fd open_bind(Opener const& opener, plan::Mount const& mount, std::int32_t place);

// Its place inside the root, found or made.
Fd target_of(Directory const& root, plan::Mount const& mount);
Fd target_of(Directory const& root, plan::Mount const& mount, int tree);

}  // namespace orlop::launch
