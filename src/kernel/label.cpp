#include "orlop/kernel/label.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

// 0, or errno: the kernel takes the whole text by one write.
int try_put(int file, std::string_view text) {
  return retry([&] { return write(file, text.data(), text.size()); }) < 0 ? errno : 0;
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

// "web (enforce)"; "unconfined".
bool is_confined(int current, std::string const& path) { return trimmed(file::read(current, path)) != "unconfined"; }

void set_apparmor_profile(int exec, std::string const& path, std::string const& profile, bool stacks) {
  std::string const text = concat({stacks ? "stack " : "exec ", profile});
  int const code = try_put(exec, text);
  // In other words than the errno's: engines would read them as a program that is not there.
  if (code == ENOENT) throw Error::refusal(concat({"AppArmor has no profile ", json_quoted(profile), " loaded"}));
  if (code) fail(code, "write", {path, text});
}

void set_selinux_label(int file, std::string const& path, std::string const& label) {
  int const code = try_put(file, label);
  if (!code) return;
  Error error{code, call_text("write", {path, label})};
  if (code == EINVAL) throw std::move(error).with_hint("the policy that is loaded does not know this context");
  throw error;
}

void set_selinux_file_label(int mount, std::string const& label) {
  Fd const root{check(openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", {Word{"mount"}})};
  constexpr char name[] = "security.selinux";
  check(fsetxattr(root, name, label.data(), label.size(), 0), "fsetxattr", {name, label});
}

}  // namespace orlop::kernel
