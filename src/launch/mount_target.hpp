// Where a mount goes inside the root: found or made, by descriptor only.
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

Fd mount_target(Directory const& root, plan::Mount const& mount, bool is_directory);
// True: the source is a symlink and stands at the destination now, as copy-symlink asks; there is nothing to mount.
bool copy_symlink(Directory const& root, plan::Mount const& mount);

}  // namespace orlop::launch
