#include "orlop/kernel/device.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

bool is_same(struct stat const& status, DeviceNode const& node) {
  if ((status.st_mode & S_IFMT) != node.kind) return false;
  return node.kind == S_IFIFO || status.st_rdev == makedev(node.major, node.minor);
}

bool has_mode_and_owner(struct stat const& status, DeviceNode const& node) {
  return (status.st_mode & 07777) == node.mode && status.st_uid == node.uid && status.st_gid == node.gid;
}

// Mode and owner by descriptor: what the name means by now does not matter.
void set_mode_and_owner(int fd, std::string const& shown, DeviceNode const& node) {
  struct stat status;
  check(fstat(fd, &status), "fstat", {shown});
  if (status.st_uid != node.uid || status.st_gid != node.gid)
    check(fchownat(fd, "", node.uid, node.gid, AT_EMPTY_PATH), "fchownat", {shown, node.uid, node.gid});
  // An O_PATH descriptor takes no fchmod; /proc/self/fd is the host's procfs here, and leads to the node that was opened.
  if ((status.st_mode & 07777) != node.mode)
    check(fchmodat(AT_FDCWD, concat({"/proc/self/fd/", fd}).c_str(), node.mode, 0), "chmod", {shown, Word{octal(node.mode)}});
}

}  // namespace

bool is_device(int fd, DeviceNode const& node) {
  struct stat status;
  return fstat(fd, &status) == 0 && is_same(status, node);
}

void make_device(Directory const& parent, std::string const& name, DeviceNode const& node) {
  std::string const shown = path::joined(parent.path, name);
  int const made = mknodat(parent.fd, name.c_str(), node.kind | node.mode, makedev(node.major, node.minor));
  if (made < 0 && errno != EEXIST) fail("mknodat", {shown, node.major, node.minor});
  // Mostly it is as it was asked for; but there may be a umask, and a directory may hand its group on, or an access list.
  struct stat status;
  check(fstatat(parent.fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "fstatat", {shown});
  if (is_same(status, node) && has_mode_and_owner(status, node)) return;
  Fd const fd{check(openat(parent.fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "openat", {shown})};
  if (!is_device(fd, node)) fail(EEXIST, "mknodat", {shown, node.major, node.minor});
  set_mode_and_owner(fd, shown, node);
}

void make_symlink(Directory const& parent, std::string const& name, std::string const& target) {
  if (symlinkat(target.c_str(), parent.fd, name.c_str()) < 0 && errno != EEXIST)
    fail("symlinkat", {target, path::joined(parent.path, name)});
}

}  // namespace orlop::kernel
