#include "orlop/kernel/pivot.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace orlop::kernel {

namespace {

// EINVAL also where "/" is the file system that the kernel itself began with: nothing is below it.
void pivot_here(std::string const& shown) {
  if (syscall(SYS_pivot_root, ".", ".") == 0) return;
  int const code = errno;
  Error error{code, call_text("pivot_root", {shown})};
  if (code != EINVAL) throw error;
  throw std::move(error).with_hint("the root of this host may be a ramdisk, which cannot be left this way: see --no-pivot");
}

}  // namespace

void pivot_into(Directory const& root) {
  Fd const old_root = path::open_host("/", O_PATH | O_DIRECTORY);
  check(fchdir(root.fd), "fchdir", {root.path});
  pivot_here(root.path);
  // Both roots are mounted on "/" now, the old one on top of nothing that we need.
  check(fchdir(old_root), "fchdir", {"/"});
  check(mount("", ".", nullptr, MS_SLAVE | MS_REC, nullptr), "mount", {".", Word{"MS_SLAVE|MS_REC"}});
  check(umount2(".", MNT_DETACH), "umount2", {".", Word{"MNT_DETACH"}});
  check(chdir("/"), "chdir", {"/"});
}

void move_into(Directory const& root) {
  check(fchdir(root.fd), "fchdir", {root.path});
  check(mount(".", "/", nullptr, MS_MOVE, nullptr), "mount", {root.path, "/", Word{"MS_MOVE"}});
  chroot_into(root);
}

void chroot_into(Directory const& root) {
  check(fchdir(root.fd), "fchdir", {root.path});
  check(chroot("."), "chroot", {root.path});
  check(chdir("/"), "chdir", {"/"});
}

}  // namespace orlop::kernel
