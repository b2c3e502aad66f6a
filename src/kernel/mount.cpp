#include "orlop/kernel/mount.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// <sys/mount.h> and <linux/mount.h> cannot be included together in glibc 2.36, so the calls are made by number.
namespace orlop::kernel {

namespace {

// The file system's own words about the last failure: "e tmpfs: Bad value for 'size'", one message a read, warnings
// ("w …") before it. Empty if it has none.
std::string complaint(int context) {
  char line[512];
  for (ssize_t length; (length = read(context, line, sizeof line)) > 2;) {
    std::string_view const text{line + 2, static_cast<std::size_t>(length) - 2};
    if (line[0] == 'e') return concat({" (", trimmed(text), ")"});
  }
  return {};
}

[[noreturn]] void fail_on(int context, int code, std::string call) { throw Error{code, std::move(call) + complaint(context)}; }

void configure(int context, FilesystemOption const& option) {
  unsigned const command = option.has_value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
  char const* const value = option.has_value ? option.value.c_str() : nullptr;
  if (syscall(SYS_fsconfig, context, command, option.key.c_str(), value, 0) == 0) return;
  int const code = errno;
  fail_on(context, code, option.has_value ? call_text("fsconfig", {option.key, option.value}) : call_text("fsconfig", {option.key}));
}

void set(int fd, char const* path, unsigned flags, mount_attr& attributes, std::string const& shown) {
  check(syscall(SYS_mount_setattr, fd, path, flags, &attributes, sizeof attributes), "mount_setattr", {shown});
}

bool is_directory(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Fd new_filesystem(std::string const& type, std::string const& source, std::vector<FilesystemOption> const& options,
                  MountAttributes attributes) {
  Fd const context{static_cast<int>(check(syscall(SYS_fsopen, type.c_str(), FSOPEN_CLOEXEC), "fsopen", {type}))};
  if (!source.empty()) configure(context, {"source", source, true});
  for (auto const& option : options) configure(context, option);
  if (syscall(SYS_fsconfig, static_cast<int>(context), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) {
    int const code = errno;
    fail_on(context, code, call_text("fsconfig", {Word{"FSCONFIG_CMD_CREATE"}, type, source}));
  }
  long const mount = syscall(SYS_fsmount, static_cast<int>(context), FSMOUNT_CLOEXEC, attributes.set);
  return Fd{static_cast<int>(check(mount, "fsmount", {type}))};
}

void reconfigure(int mount, std::vector<FilesystemOption> const& options, std::string const& shown) {
  unsigned const flags = FSPICK_CLOEXEC | FSPICK_EMPTY_PATH;
  Fd const context{static_cast<int>(check(syscall(SYS_fspick, mount, "", flags), "fspick", {shown}))};
  for (auto const& option : options) configure(context, option);
  if (syscall(SYS_fsconfig, static_cast<int>(context), FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) == 0) return;
  int const code = errno;
  fail_on(context, code, call_text("fsconfig", {Word{"FSCONFIG_CMD_RECONFIGURE"}, shown}));
}

Fd clone_tree(std::string const& path, bool recursive, bool follow) {
  unsigned const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? unsigned{AT_RECURSIVE} : 0) |
                         (follow ? 0 : unsigned{AT_SYMLINK_NOFOLLOW});
  return Fd{static_cast<int>(check(syscall(SYS_open_tree, AT_FDCWD, path.c_str(), flags), "open_tree", {path}))};
}

Fd clone_tree(int fd, std::string const& shown, bool recursive) {
  unsigned const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? unsigned{AT_RECURSIVE} : 0);
  return Fd{static_cast<int>(check(syscall(SYS_open_tree, fd, "", flags), "open_tree", {shown}))};
}

void set_attributes(int mount, MountAttributes attributes, bool recursive, std::string const& shown) {
  mount_attr wanted{};
  wanted.attr_set = attributes.set;
  wanted.attr_clr = attributes.clear;
  set(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), wanted, shown);
}

void set_propagation(int mount, unsigned long propagation, bool recursive, std::string const& shown) {
  mount_attr wanted{};
  wanted.propagation = propagation;
  set(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), wanted, shown);
}

void set_propagation(std::string const& path, unsigned long propagation, bool recursive) {
  mount_attr wanted{};
  wanted.propagation = propagation;
  set(AT_FDCWD, path.c_str(), recursive ? AT_RECURSIVE : 0, wanted, path);
}

void attach(int mount, int target, std::string const& shown) {
  unsigned const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (syscall(SYS_move_mount, mount, "", target, "", flags) == 0) return;
  int const code = errno;
  // A file on a directory is EINVAL here, but ENOTDIR of mount(2), and engines explain that one to their users.
  bool const is_mismatch = code == EINVAL && is_directory(mount) != is_directory(target);
  fail(is_mismatch ? ENOTDIR : code, "move_mount", {shown});
}

std::optional<std::uint64_t> try_mount_at(int fd) {
  struct statx status;
  check(statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status), "statx");
  if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT)) return std::nullopt;
  return status.stx_mnt_id;
}

// umount2(2) takes a path only: a link of procfs leads to the descriptor's own place, and nowhere else.
void detach(int mount, int descriptors, std::string const& shown) {
  constexpr int mnt_detach = 2;
  check(fchdir(descriptors), "fchdir", {"/proc/self/fd"});
  int const result = static_cast<int>(syscall(SYS_umount2, std::to_string(mount).c_str(), mnt_detach));
  int const code = errno;
  check(chdir("/"), "chdir", {"/"});
  if (result < 0) fail(code, "umount2", {shown, Word{"MNT_DETACH"}});
}

void attach_at(int mount, Directory const& directory, std::string const& name) {
  int const parent = directory.fd;
  long const moved = syscall(SYS_move_mount, mount, "", parent, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH);
  check(moved, "move_mount", {path::joined(directory.path, name)});
}

}  // namespace orlop::kernel
