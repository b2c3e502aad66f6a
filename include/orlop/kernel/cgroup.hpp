// Directories of control group hierarchies, v1 and v2: cgroups(7). Paths are the host's and trusted.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

// A mounted hierarchy of the host.
struct CgroupHierarchy {
  std::string mount;                     // "/sys/fs/cgroup/cpu,cpuacct"
  std::string name;                      // "cpu,cpuacct": its directory in the container; "" where v2 is the only one
  std::vector<std::string> controllers;  // v1: "cpu", "cpuacct"; the named one: "name=systemd"; v2: none
  bool is_v2 = false;
  bool has(std::string_view controller) const {
    for (auto const& one : controllers)
      if (one == controller) return true;
    return false;
  }
  bool operator==(CgroupHierarchy const&) const = default;
};

// One cgroup: a path below the mount point of a hierarchy.
struct CgroupDirectory {
  CgroupHierarchy hierarchy;
  std::string path;  // "/web/1"
  std::string full() const { return hierarchy.mount + path; }
  bool operator==(CgroupDirectory const&) const = default;
};

// Makes the cgroup and what is missing above it; on v1 each new cpuset gets its parent's cpus and mems, without which
// no process can enter. `is_new` becomes true as soon as the cgroup itself has been made, and was not there before: even
// if an error comes after that. Errors: EACCES/EPERM (not delegated), ENOSPC (the kernel's limit of cgroups), EROFS.
void make_cgroup(CgroupDirectory const& cgroup, bool& is_new);
void make_cgroup(CgroupDirectory const& cgroup);
// v2: gives a user the directory and those of its files that /sys/kernel/cgroup/delegate names: the user may then make
// cgroups below and move processes between them, but not change the limits. The files of controllers have to be there.
void delegate_cgroup(std::string const& directory, uid_t owner);
// A directory of a v2 tree, for clone_into.
Fd open_cgroup(CgroupDirectory const& cgroup);
// The calling (single-threaded) process moves itself: on v1 by "0" to `tasks`, which takes no lock of the whole system
// and so waits for no grace period.
void enter_cgroup(CgroupDirectory const& cgroup);
// The same through a descriptor that was opened before, where no path leads there any more: of a v1 directory's `tasks`.
// Closed: the directory is of a v2 tree.
Fd open_tasks(std::string const& directory);
void enter_tasks(int tasks);
// Where a process ("self", "1") is in the hierarchy of a controller; without one, in the v2 tree: "/web/1", as our own
// cgroup namespace has it. "/" where there is no such hierarchy.
std::string cgroup_of(std::string_view process, std::string_view controller);
std::vector<pid_t> cgroup_processes(std::string const& directory);
// Those of the cgroups below it too.
std::set<pid_t> cgroup_tree_processes(std::string const& directory);
// SIGKILL to all below at once, by cgroup.kill (v2, Linux 5.14). False: there is no such file.
bool try_kill_at_once(std::string const& directory);
// SIGKILL for all inside, sub-cgroups too; true if some were there. A cgroup that is gone has none.
bool kill_cgroup(std::string const& directory);
// Removes the cgroup with all below it; absent is fine. Waits up to `patience_ms` for dying processes.
// False: still in use (EBUSY).
bool try_remove_cgroup(std::string const& directory, int patience_ms);

}  // namespace orlop::kernel
