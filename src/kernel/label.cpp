#include "orlop/kernel/label.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/procfs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr std::string_view unconfined = "unconfined";

// Where a kernel has the directory (Linux 5.8), the files above it may be another security module's.
Fd open_apparmor(Directory const& procfs, char const* name, int flags, std::string& path) {
  path = concat({"thread-self/attr/apparmor/", name});
  Fd own = try_open_in_procfs(procfs, path, flags);
  if (own.is_open()) return own;
  path = concat({"thread-self/attr/", name});
  return open_in_procfs(procfs, path, flags);
}

// "web (enforce)"; "unconfined".
bool is_confined(Directory const& procfs) {
  std::string path;
  Fd const current = open_apparmor(procfs, "current", O_RDONLY, path);
  return trimmed(file::read(current, path)) != unconfined;
}

// 0, or errno: the kernel takes the whole text by one write.
int try_put(int file, std::string_view text) {
  return retry([&] { return write(file, text.data(), text.size()); }) < 0 ? errno : 0;
}

void put_selinux(Directory const& procfs, char const* name, std::string const& label) {
  std::string const path = concat({"thread-self/attr/", name});
  Fd const file = open_in_procfs(procfs, path, O_WRONLY);
  int const code = try_put(file, label);
  if (!code) return;
  Error error{code, call_text("write", {path::joined(procfs.path, path), label})};
  if (code == EINVAL) throw std::move(error).with_hint("the policy that is loaded does not know this context");
  throw error;
}

}  // namespace

bool has_apparmor() {
  Fd const file{open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC)};
  char letter = 0;
  return file.is_open() && read(file, &letter, 1) == 1 && letter == 'Y';
}

bool has_selinux() {
  struct statfs status;
  return statfs("/sys/fs/selinux", &status) == 0 && status.f_type == SELINUX_MAGIC;
}

void set_apparmor_profile(Directory const& procfs, std::string const& profile, bool stacks) {
  std::string path;
  Fd const file = open_apparmor(procfs, "exec", O_WRONLY, path);
  char const* const command = stacks && is_confined(procfs) ? "stack " : "exec ";
  int const code = try_put(file, concat({command, profile}));
  // In other words than the errno's: engines would read them as a program that is not there.
  if (code == ENOENT) throw Error::refusal(concat({"AppArmor has no profile ", json_quoted(profile), " loaded"}));
  if (code) fail(code, "write", {path::joined(procfs.path, path), concat({command, profile})});
}

void set_selinux_label(Directory const& procfs, std::string const& label) { put_selinux(procfs, "exec", label); }

void set_selinux_keyring_label(Directory const& procfs, std::string const& label) { put_selinux(procfs, "keycreate", label); }

void set_selinux_file_label(int mount, std::string const& label) {
  Fd const root{check(openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", {Word{"mount"}})};
  constexpr char name[] = "security.selinux";
  check(fsetxattr(root, name, label.data(), label.size(), 0), "fsetxattr", {name, label});
}

}  // namespace orlop::kernel
