// Security labels that the next execve gives to a process: apparmor(7), selinux(8), proc_pid_attr(5).
#pragma once
#include "orlop/base/directory.hpp"

#include <string>

namespace orlop::kernel {

bool has_apparmor();
bool has_selinux();

// A file of /proc/self/attr and what will be written there. Open it after the last fork (the kernel takes the write from
// the opener alone) and while the procfs is in reach; write it late, for a fork inherits what stands there.
struct LabelFile {
  Fd file;
  std::string path;
  std::string text;
  bool is_open() const { return file.is_open(); }
};

// `procfs`: of open_procfs().
LabelFile open_apparmor_profile(Directory const& procfs, std::string const& profile);
LabelFile open_selinux_label(Directory const& procfs, std::string const& label);
// Of the keyrings that are made from now on; an empty label: the system's choice again.
LabelFile open_selinux_keyring_label(Directory const& procfs, std::string const& label);

// The hint explains a label that does not exist.
void write_label(LabelFile const& label);

}  // namespace orlop::kernel
