// Security labels: apparmor(7), selinux(8), proc_pid_attr(5). Those of a process are taken on by its next execve, and
// kept by what it forks until then. The files are those of /proc/thread-self/attr; `path` is for messages.
#pragma once
#include <string>

namespace orlop::kernel {

bool has_apparmor();
bool has_selinux();

// `current`: that file of AppArmor.
bool is_confined(int current, std::string const& path);
// `exec`: that file of AppArmor. Refusal: no such profile is loaded. With `stacks` the profile that holds goes on to hold,
// too: who is confined and cannot gain privileges could not leave it.
void set_apparmor_profile(int exec, std::string const& path, std::string const& profile, bool stacks);
// `file`: exec, or keycreate for the keyrings that are made until the next execve.
void set_selinux_label(int file, std::string const& path, std::string const& label);
// Of the root of a mount, on file systems that keep it as an attribute.
void set_selinux_file_label(int mount, std::string const& label);

}  // namespace orlop::kernel
