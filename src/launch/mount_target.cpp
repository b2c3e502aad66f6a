#include "mount_target.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

// -1 and errno when there is nothing.
Fd last_component(path::Place const& place) {
  return Fd{openat(place.parent.fd, place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
}

// "self", or a process's "exe" and "root": whoever follows them takes them for the kernel's.
void refuse_link_of_procfs(int fd, std::string const& shown) {
  struct statfs status;
  if (file::kind_of(fd, shown) != S_IFLNK || fstatfs(fd, &status) < 0 || status.f_type != PROC_SUPER_MAGIC) return;
  throw Error::refusal("a link of procfs cannot be covered");
}

Fd target_itself(Directory const& root, plan::Mount const& mount, bool is_directory) {
  auto const place = path::make_parent(root, mount.destination);
  if (Fd found = last_component(place); found.is_open()) {
    refuse_link_of_procfs(found, mount.destination);
    return found;
  }
  if (errno != ENOENT) fail("openat", {mount.destination});
  char const* const name = place.name.c_str();
  if (is_directory) {
    check(mkdirat(place.parent.fd, name, 0755), "mkdirat", {mount.destination});
  } else {
    int const flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY;
    Fd const made{check(openat(place.parent.fd, name, flags, 0644), "openat", {mount.destination, Word{"O_CREAT"}})};
  }
  Fd made = last_component(place);
  check(static_cast<int>(made), "openat", {mount.destination});
  return made;
}

}  // namespace

Fd mount_target(Directory const& root, plan::Mount const& mount, bool is_directory) {
  if (mount.destination_nofollow && mount.destination != "/") return target_itself(root, mount, is_directory);
  return is_directory ? path::make_directories(root, mount.destination) : path::make_file(root, mount.destination);
}

bool copy_symlink(Directory const& root, plan::Mount const& mount) {
  char wanted[PATH_MAX], there[PATH_MAX];
  ssize_t const length = readlink(mount.source.c_str(), wanted, sizeof wanted - 1);
  if (length < 0 && errno == EINVAL) return false;  // no symlink: it is mounted as any other source
  check(length, "readlink", {mount.source});
  wanted[length] = 0;
  auto const place = path::make_parent(root, mount.destination);
  if (symlinkat(wanted, place.parent.fd, place.name.c_str()) == 0) return true;
  if (errno != EEXIST) fail("symlinkat", {wanted, mount.destination});
  ssize_t const found = readlinkat(place.parent.fd, place.name.c_str(), there, sizeof there);
  std::string_view const text{there, static_cast<std::size_t>(found < 0 ? 0 : found)};
  if (text != wanted) fail(EEXIST, "symlinkat", {wanted, mount.destination});
  return true;
}

}  // namespace orlop::launch
