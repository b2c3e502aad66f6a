#include "orlop/kernel/procfs.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

// Closed if the kernel does not let us.
Fd try_detached() {
  Fd const context{static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC))};
  if (!context.is_open()) return {};
  if (syscall(SYS_fsconfig, static_cast<int>(context), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return {};
  unsigned const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return Fd{static_cast<int>(syscall(SYS_fsmount, static_cast<int>(context), FSMOUNT_CLOEXEC, attributes))};
}

void check_is_procfs(int fd, std::string const& path) {
  struct statfs status;
  check(fstatfs(fd, &status), "fstatfs", {path});
  if (status.f_type != PROC_SUPER_MAGIC) throw Error::refusal(concat({path, " is no procfs"}));
}

int open_below(int procfs, char const* path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOCTTY);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(retry([&] { return syscall(SYS_openat2, procfs, path, &how, sizeof how); }));
}

}  // namespace

Directory open_procfs() {
  if (Fd detached = try_detached(); detached.is_open()) return {std::move(detached), "/proc"};
  Fd found = path::open_host("/proc", O_PATH | O_DIRECTORY);
  check_is_procfs(found, "/proc");
  return {std::move(found), "/proc"};
}

Fd open_in_procfs(Directory const& procfs, std::string const& path, int flags) {
  Fd file{check(open_below(procfs.fd, path.c_str(), flags), "openat2", {path::joined(procfs.path, path)})};
  check_is_procfs(file, path::joined(procfs.path, path));
  return file;
}

Fd try_open_in_procfs(Directory const& procfs, std::string const& path, int flags) {
  Fd file{open_below(procfs.fd, path.c_str(), flags)};
  if (!file.is_open() && errno != ENOENT && errno != ENOTDIR) fail("openat2", {path::joined(procfs.path, path)});
  if (file.is_open()) check_is_procfs(file, path::joined(procfs.path, path));
  return file;
}

}  // namespace orlop::kernel
