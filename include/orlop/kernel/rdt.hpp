// Groups of processes with a share of the processors' caches and memory bandwidth: the resctrl file system
// (Documentation/filesystems/resctrl.rst of the kernel). `resctrl` is its root, the owner of which is the host's root.
#pragma once
#include "orlop/base/directory.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

struct RdtGroup {
  std::string name;                   // of a directory; empty: the default group, the root
  bool must_exist = false;            // it is not ours to make
  std::vector<std::string> expected;  // lines that schemata has to have if the group is there already
  std::vector<std::string> schemata;  // lines to write, in this order
  std::string monitor;                // of its group for monitoring alone; empty: none
};

// Where it is mounted, by the text of a mountinfo; empty: nowhere. proc_pid_mountinfo(5).
std::string resctrl_mount(std::string_view mountinfo);
// The directories that make_group would make, the outer one first: paths for messages and for the record.
std::vector<std::string> missing_rdt_groups(Directory const& resctrl, RdtGroup const& group);
// Refusal: a group that has to be there is not, or has other schemata.
void make_rdt_group(Directory const& resctrl, RdtGroup const& group);
// The lines that stand for the resources which its schemata name, so that they can be written again.
std::vector<std::string> standing_schemata(Directory const& resctrl, RdtGroup const& group);
// The directories that a process of the group is in, the outer one first.
std::vector<std::string> rdt_directories(std::string const& resctrl, RdtGroup const& group);
// By writing it to the file `tasks`; pid 0 is who writes. Its threads and children to come are in it, too.
void enter_rdt_group(std::string const& directory, pid_t pid);
// One that is gone already is fine. With a group go those for monitoring in it.
void remove_rdt_group(std::string const& directory);

}  // namespace orlop::kernel
