#include "orlop/kernel/label.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/procfs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

char first_letter(char const* path) {
  Fd const file{open(path, O_RDONLY | O_CLOEXEC)};
  char letter = 0;
  return file.is_open() && read(file, &letter, 1) == 1 ? letter : '\0';
}

LabelFile opened(Directory const& procfs, std::string const& name, std::string text) {
  std::string const path = path::joined("self/attr", name);
  return {open_in_procfs(procfs, path, O_WRONLY), path::joined(procfs.path, path), std::move(text)};
}

}  // namespace

bool has_apparmor() { return first_letter("/sys/module/apparmor/parameters/enabled") == 'Y'; }

bool has_selinux() {
  struct statfs status;
  return statfs("/sys/fs/selinux", &status) == 0 && status.f_type == SELINUX_MAGIC;
}

// Linux 5.8 has a directory for AppArmor alone; attr/exec itself may belong to another security module.
LabelFile open_apparmor_profile(Directory const& procfs, std::string const& profile) {
  std::string text = concat({"exec ", profile});
  Fd own = try_open_in_procfs(procfs, "self/attr/apparmor/exec", O_WRONLY);
  if (!own.is_open()) return opened(procfs, "exec", std::move(text));
  return {std::move(own), path::joined(procfs.path, "self/attr/apparmor/exec"), std::move(text)};
}

LabelFile open_selinux_label(Directory const& procfs, std::string const& label) { return opened(procfs, "exec", label); }

LabelFile open_selinux_keyring_label(Directory const& procfs, std::string const& label) {
  return opened(procfs, "keycreate", label);
}

void write_label(LabelFile const& label) {
  long const written = retry([&] { return write(label.file, label.text.data(), label.text.size()); });
  if (written == static_cast<long>(label.text.size())) return;
  int const code = written < 0 ? errno : EINVAL;
  Error error{code, call_text("write", {label.path, label.text})};
  if (code == ENOENT || code == EINVAL)
    throw std::move(error).with_hint("the profile or label is not loaded in this kernel's policy");
  throw error;
}

}  // namespace orlop::kernel
