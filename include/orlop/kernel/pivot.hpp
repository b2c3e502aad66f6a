// The change of root: pivot_root(2), and the move-and-chroot for hosts whose root is a ramdisk, chroot(2).
// Before: `root` is the root directory of an attached mount in our own mount namespace. After: it is "/", and the
// working directory is "/".
#pragma once
#include "orlop/base/directory.hpp"

namespace orlop::kernel {

// The old root is made a slave first, so that taking it off does not reach the host, whatever its propagation is.
void pivot_into(Directory const& root);
// Host mounts stay attached below the covered root: weaker than pivot_into, and only where that is impossible.
void move_into(Directory const& root);
// In a mount namespace that is not ours alone, where `root` may be any directory: who has CAP_SYS_CHROOT can leave it.
void chroot_into(Directory const& root);

}  // namespace orlop::kernel
