// A pretended host: it knows the answers that a test gives, and a question that is not among them fails the test.
#pragma once
#include "orlop/plan/host_facts.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace plan_test {

// "v1" (few controllers), "v1-all", "hybrid", "v2" or "none"; the test fails on another word.
std::vector<orlop::kernel::CgroupHierarchy> cgroup_layout(std::string_view word);

std::vector<std::string> all_controllers();
orlop::kernel::Grantable all_capabilities();

class Table : public orlop::plan::HostFacts {
public:
  // Members are the questions; absent: not to be asked.
  struct Answers {
    std::optional<std::vector<orlop::kernel::CgroupHierarchy>> cgroup_hierarchies{};
    std::optional<std::vector<std::string>> unified_controllers{};
    std::optional<orlop::kernel::Grantable> grantable_capabilities{};
    std::optional<std::set<std::string>> own_namespaces{};  // the files that are
    std::optional<bool> filter_flags{};
    std::optional<std::string> obstacle_to_cgroup{};  // to each
    std::optional<std::string> manager_cgroup{};  // "no systemd": not booted with it
    std::optional<std::string> resctrl_mount{};
    std::optional<std::set<std::string>> security_modules{};  // "apparmor", "selinux"
    std::optional<orlop::kernel::IdSpan> subordinate_ids{};   // for uids and for gids; a count of 0: none
    std::optional<std::string> own_cgroup{};              // in each hierarchy
    std::set<std::string> free_cgroups{};                 // directories to which there is no obstacle
  };
  explicit Table(Answers answers) : answers_{std::move(answers)} {}
  // A v2 host that can grant everything: for tests that are not about the host.
  Table()
      : Table{{cgroup_layout("v2"), all_controllers(), all_capabilities(), std::set<std::string>{"/proc/1/ns/own"}, true,
               "/sys/fs/cgroup cannot be written", "", "", std::set<std::string>{}, orlop::kernel::IdSpan{}, "/user/shell"}} {}

  std::vector<orlop::kernel::CgroupHierarchy> const& cgroup_hierarchies() override;
  std::vector<std::string> const& unified_controllers() override;
  std::optional<std::string> const& manager_cgroup(bool of_user) override;
  orlop::kernel::Grantable grantable_capabilities(orlop::kernel::CapabilitySet) override;
  bool is_own_namespace(std::uint64_t kind, std::string const& path) override;
  std::optional<orlop::kernel::IdSpan> subordinate_ids(bool of_groups) override;
  std::string own_cgroup(orlop::kernel::CgroupHierarchy const& hierarchy) override;
  std::string obstacle_to_cgroup(orlop::kernel::CgroupDirectory const& cgroup) override;
  bool has_apparmor() override;
  bool has_selinux() override;
  std::string resctrl_mount() override;
  bool knows_filter_flags(unsigned flags) override;

  // By name.
  std::set<std::string> questions_answered() const;
  std::set<std::string> const& questions_asked() const { return asked_; }

private:
  bool has_module(char const* module);
  void ask(char const* question, bool is_answered);

  Answers answers_;
  std::set<std::string> asked_;
  std::optional<std::string> manager_;
};

}  // namespace plan_test
