// Security labels: apparmor(7), selinux(8), proc_pid_attr(5). Those of a process are taken on by its next execve, and
// kept by what it forks until then. `procfs` is open_procfs().
#pragma once
#include "orlop/base/directory.hpp"

#include <string>

namespace orlop::kernel {

bool has_apparmor();
bool has_selinux();

// Refusal: no such profile is loaded. With `stacks` a process that is confined already stays so, and by the new profile,
// too: who cannot gain privileges could not leave its own.
void set_apparmor_profile(Directory const& procfs, std::string const& profile, bool stacks);
void set_selinux_label(Directory const& procfs, std::string const& label);
// Of the keyrings that are made until the next execve.
void set_selinux_keyring_label(Directory const& procfs, std::string const& label);
// Of the root of a mount, on file systems that keep it as an attribute.
void set_selinux_file_label(int mount, std::string const& label);

}  // namespace orlop::kernel
