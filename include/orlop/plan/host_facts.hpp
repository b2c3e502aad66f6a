// Questions about the host that a plan depends on. Each is asked only when the config makes it matter, and answered
// once. A test answers from a table, and fails on a question that it does not expect.
#pragma once
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/cgroup.hpp"
#include "orlop/kernel/user_namespace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orlop::plan {

class HostFacts {
public:
  virtual ~HostFacts() = default;
  // The hierarchies that are mounted in /sys/fs/cgroup; none: the host has no cgroups.
  virtual std::vector<kernel::CgroupHierarchy> const& cgroup_hierarchies() = 0;
  // cgroup.controllers at the root of the v2 tree: those that no v1 hierarchy has.
  virtual std::vector<std::string> const& unified_controllers() = 0;
  // Below which cgroup ("" is the root) systemd makes its units, the system's manager or the caller's own; nothing:
  // this machine was not booted with systemd.
  virtual std::optional<std::string> const& manager_cgroup(bool of_user) = 0;
  // What this process can hand on; of the bounding set, only those are looked at.
  virtual kernel::Grantable grantable_capabilities(kernel::CapabilitySet bounding) = 0;
  // The file is the namespace of that kind (CLONE_NEW*) that this process is in.
  virtual bool is_own_namespace(std::uint64_t kind, std::string const& path) = 0;
  // What /etc/subuid or /etc/subgid gives to the user who calls us (subuid(5)): the first line of it, inside is 0.
  virtual std::optional<kernel::IdSpan> subordinate_ids(bool of_groups) = 0;
  // The cgroup that this process is in: "/", "/user/shell". "/", too, if it is out of sight.
  virtual std::string own_cgroup(kernel::CgroupHierarchy const& hierarchy) = 0;
  // Why this process cannot make that cgroup and put others into it; empty: it can.
  virtual std::string obstacle_to_cgroup(kernel::CgroupDirectory const& cgroup) = 0;
  // The kernel asks these security modules.
  virtual bool has_apparmor() = 0;
  virtual bool has_selinux() = 0;
  // Where the resctrl file system is mounted; empty: nowhere.
  virtual std::string resctrl_mount() = 0;
  // The kernel can load a seccomp filter with these SECCOMP_FILTER_FLAG_*.
  virtual bool knows_filter_flags(unsigned flags) = 0;
};

}  // namespace orlop::plan
