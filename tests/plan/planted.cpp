// What plan/ must not do, for linker.py: ask the kernel itself.
#include "orlop/plan/make.hpp"

namespace orlop::plan {

namespace {

class Impure : public HostFacts {
public:
  std::vector<kernel::CgroupHierarchy> const& cgroup_hierarchies() override { return none_; }
  std::vector<std::string> const& unified_controllers() override { return nothing_; }
  kernel::Grantable grantable_capabilities(kernel::CapabilitySet bounding) override { return kernel::grantable_capabilities(bounding); }
  bool is_own_namespace(std::uint64_t, std::string const&) override { return false; }
  std::optional<kernel::IdSpan> subordinate_ids(bool) override { return {}; }
  std::string own_cgroup(kernel::CgroupHierarchy const&) override { return {}; }
  std::string obstacle_to_cgroup(kernel::CgroupDirectory const&) override { return {}; }
  bool has_apparmor() override { return false; }
  bool has_selinux() override { return false; }
  std::string resctrl_mount() override { return {}; }
  bool knows_filter_flags(unsigned) override { return false; }
  std::optional<std::string> const& manager_cgroup(bool) override { return manager_; }

private:
  std::vector<kernel::CgroupHierarchy> none_;
  std::vector<std::string> nothing_;
  std::optional<std::string> manager_;
};

}  // namespace

std::string planted() {
  Impure host;
  return make({}, host, {}).id;
}

}  // namespace orlop::plan

int main() { return orlop::plan::planted().empty(); }
