#include "orlop/kernel/device.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace orlop::kernel {

bool is_device(int fd, DeviceNode const& node) {
  struct stat status;
  if (fstat(fd, &status) < 0 || (status.st_mode & S_IFMT) != node.kind) return false;
  return node.kind == S_IFIFO || status.st_rdev == makedev(node.major, node.minor);
}

namespace {

// Mode and owner by name, without following: the umask cuts what mknod is given, and an O_PATH descriptor takes no fchmod.
void set_mode_and_owner(Directory const& parent, std::string const& name, int fd, DeviceNode const& node) {
  std::string const shown = path::joined(parent.path, name);
  struct stat status;
  check(fstat(fd, &status), "fstat", {shown});
  if (status.st_uid != node.uid || status.st_gid != node.gid)
    check(fchownat(fd, "", node.uid, node.gid, AT_EMPTY_PATH), "fchownat", {shown, node.uid, node.gid});
  // /proc/self/fd is the host's procfs here: the link leads to the node that was opened, whatever the name means now.
  if ((status.st_mode & 07777) != node.mode)
    check(fchmodat(AT_FDCWD, concat({"/proc/self/fd/", fd}).c_str(), node.mode, 0), "chmod", {shown, Word{octal(node.mode)}});
}

}  // namespace

Fd make_device(Directory const& parent, std::string const& name, DeviceNode const& node) {
  std::string const shown = path::joined(parent.path, name);
  int const made = mknodat(parent.fd, name.c_str(), node.kind | node.mode, makedev(node.major, node.minor));
  if (made < 0 && errno != EEXIST) fail("mknodat", {shown, node.major, node.minor});
  Fd fd{check(openat(parent.fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "openat", {shown})};
  if (!is_device(fd, node)) fail(EEXIST, "mknodat", {shown, node.major, node.minor});
  set_mode_and_owner(parent, name, fd, node);
  return fd;
}

void make_symlink(Directory const& parent, std::string const& name, std::string const& target) {
  if (symlinkat(target.c_str(), parent.fd, name.c_str()) < 0 && errno != EEXIST)
    fail("symlinkat", {target, path::joined(parent.path, name)});
}

}  // namespace orlop::kernel
