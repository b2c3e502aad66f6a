// The host as it is: answers to the plan's questions, each found out once. cgroups(7), statfs(2).
#pragma once
#include "orlop/plan/host_facts.hpp"

#include <optional>

namespace orlop::launch {

class Survey : public plan::HostFacts {
public:
  std::vector<kernel::CgroupHierarchy> const& cgroup_hierarchies() override;
  std::vector<std::string> const& unified_controllers() override;
  std::optional<std::string> const& manager_cgroup(bool of_user) override;
  kernel::Grantable grantable_capabilities(kernel::CapabilitySet bounding) override;
  bool is_own_namespace(std::uint64_t kind, std::string const& path) override;
  std::optional<kernel::IdSpan> subordinate_ids(bool of_groups) override;
  std::string own_cgroup(kernel::CgroupHierarchy const& hierarchy) override;
  std::string obstacle_to_cgroup(kernel::CgroupDirectory const& cgroup) override;
  bool has_apparmor() override;
  bool has_selinux() override;
  std::string resctrl_mount() override;
  bool knows_filter_flags(unsigned flags) override;

private:
  std::optional<std::vector<kernel::CgroupHierarchy>> hierarchies_;
  std::optional<std::vector<std::string>> unified_;
  std::optional<std::string> manager_;
};

}  // namespace orlop::launch
