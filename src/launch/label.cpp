// take_on_labels of payload.hpp.
#include "orlop/kernel/label.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/procfs.hpp"
#include "orlop/launch/payload.hpp"

#include <fcntl.h>

namespace orlop::launch {

namespace {

struct Attribute {
  Fd file;
  std::string path;
};

Attribute open_attribute(Directory const& procfs, std::string const& name, int flags) {
  std::string const path = concat({"thread-self/attr/", name});
  return {kernel::open_in_procfs(procfs, path, flags), path::joined(procfs.path, path)};
}

// Where a kernel has the directory (Linux 5.8), the files above it may be another security module's.
Attribute open_apparmor(Directory const& procfs, char const* name, int flags) {
  std::string const own = concat({"thread-self/attr/apparmor/", name});
  if (Fd file = kernel::try_open_in_procfs(procfs, own, flags); file.is_open())
    return {std::move(file), path::joined(procfs.path, own)};
  return open_attribute(procfs, name, flags);
}

void take_on_profile(Directory const& procfs, plan::Process const& process) {
  Doing const doing{"process.apparmorProfile"};
  bool stacks = false;
  if (process.no_new_privileges) {
    Attribute const current = open_apparmor(procfs, "current", O_RDONLY);
    stacks = kernel::is_confined(current.file, current.path);
  }
  Attribute const exec = open_apparmor(procfs, "exec", O_WRONLY);
  kernel::set_apparmor_profile(exec.file, exec.path, process.apparmor_profile, stacks);
}

}  // namespace

void take_on_labels(plan::Process const& process) {
  if (process.apparmor_profile.empty() && process.selinux_label.empty()) return;
  Directory const procfs = kernel::open_procfs();
  if (!process.apparmor_profile.empty()) take_on_profile(procfs, process);
  if (process.selinux_label.empty()) return;
  Doing const doing{"process.selinuxLabel"};
  for (char const* name : {"keycreate", "exec"}) {
    if (name[0] == 'k' && !process.session_keyring) continue;
    Attribute const attribute = open_attribute(procfs, name, O_WRONLY);
    kernel::set_selinux_label(attribute.file, attribute.path, process.selinux_label);
  }
}

}  // namespace orlop::launch
