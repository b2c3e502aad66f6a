// A mount of the plan in its two halves: opened, detached, where the host's files are seen; and put on its place inside
// the root, which is a descriptor. make_mounts (rootfs.hpp) does both at once for each mount of a new container; in one
// that is there the mount namespace changes between them (mounts.hpp).
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/launch/source.hpp"
#include "orlop/plan/plan.hpp"

#include <optional>
#include <sys/types.h>

namespace orlop::launch {

// Whom we ask for what we cannot open ourselves.
struct Opener {
  plan::Plan const& plan;
  SourceOpener const& sources;
  int channel;
};

// `place`: in the plan's list. `target`: where a new file system will be mounted, or any other directory that a rare
// option can use to work in; not for a tmpfs that takes over something of what lies there: open_over.
Fd open_filesystem(Opener const& opener, plan::Mount const& mount, std::int32_t place, int target);
// A tmpfs that takes over the mode of a directory, or (without a mode) all that lies in it.
Fd open_over(plan::Mount const& mount, std::optional<mode_t> mode, int target);
// What a tmpfs takes over, of a directory that is there before the target is made; none if there is none, or it does not.
std::optional<mode_t> mode_below(Directory const& root, plan::Mount const& mount);
Fd open_bind(Opener const& opener, plan::Mount const& mount, std::int32_t place);

// Its place inside the root, found or made.
Fd target_of(Directory const& root, plan::Mount const& mount);
Fd target_of(Directory const& root, plan::Mount const& mount, int tree);

}  // namespace orlop::launch
