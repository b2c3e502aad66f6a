#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/base/text.hpp"

namespace plan_test {

namespace {

using orlop::kernel::CgroupHierarchy;

constexpr char hierarchies[] = "cgroup_hierarchies";
constexpr char unified[] = "unified_controllers";
constexpr char capabilities[] = "grantable_capabilities";
constexpr char namespaces[] = "own_namespaces";
constexpr char own[] = "own_cgroup";
constexpr char obstacle[] = "obstacle_to_cgroup";
constexpr char manager[] = "manager_cgroup";
constexpr char modules[] = "security_modules";
constexpr char resctrl[] = "resctrl_mount";
constexpr char filter_flags[] = "filter_flags";
constexpr char subordinate[] = "subordinate_ids";

// As launch/survey finds them, in the order of /proc/self/cgroup.
std::vector<CgroupHierarchy> v1_hierarchies() {
  return {
      {"/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct", {"cpu", "cpuacct"}, false},
      {"/sys/fs/cgroup/devices", "devices", {"devices"}, false},
      {"/sys/fs/cgroup/memory", "memory", {"memory"}, false},
      {"/sys/fs/cgroup/systemd", "systemd", {"name=systemd"}, false},
  };
}

}  // namespace

std::vector<CgroupHierarchy> cgroup_layout(std::string_view word) {
  if (word == "none") return {};
  if (word == "v2") return {{"/sys/fs/cgroup", "", {}, true}};
  auto found = v1_hierarchies();
  if (word == "v1-all")
    for (char const* name : {"blkio", "cpuset", "hugetlb", "net_cls,net_prio", "pids", "rdma"}) {
      auto& hierarchy = found.emplace_back(CgroupHierarchy{orlop::concat({"/sys/fs/cgroup/", name}), name, {}, false});
      for (auto const one : orlop::split(name, ',')) hierarchy.controllers.emplace_back(one);
    }
  if (word == "hybrid")
    found.push_back({"/sys/fs/cgroup/unified", "unified", {}, true});
  else if (word != "v1" && word != "v1-all")
    FAIL("\"" << std::string{word} << "\" is no layout of cgroups");
  return found;
}

std::vector<std::string> all_controllers() { return {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma"}; }

orlop::kernel::Grantable all_capabilities() {
  auto const all = (orlop::kernel::CapabilitySet{1} << orlop::kernel::capability_count) - 1;
  return {all, all};
}

void Table::ask(char const* question, bool is_answered) {
  if (!is_answered) FAIL("the plan asks for " << question << ", which is not in the table");
  asked_.insert(question);
}

std::vector<CgroupHierarchy> const& Table::cgroup_hierarchies() {
  ask(hierarchies, answers_.cgroup_hierarchies.has_value());
  return *answers_.cgroup_hierarchies;
}

std::vector<std::string> const& Table::unified_controllers() {
  ask(unified, answers_.unified_controllers.has_value());
  return *answers_.unified_controllers;
}

std::optional<std::string> const& Table::manager_cgroup(bool) {
  ask(manager, answers_.manager_cgroup.has_value());
  if (*answers_.manager_cgroup != "no systemd") manager_ = answers_.manager_cgroup;
  return manager_;
}

orlop::kernel::Grantable Table::grantable_capabilities(orlop::kernel::CapabilitySet) {
  ask(capabilities, answers_.grantable_capabilities.has_value());
  return *answers_.grantable_capabilities;
}

bool Table::is_own_namespace(std::uint64_t, std::string const& path) {
  ask(namespaces, answers_.own_namespaces.has_value());
  return answers_.own_namespaces->count(path) != 0;
}

std::optional<orlop::kernel::IdSpan> Table::subordinate_ids(bool) {
  ask(subordinate, answers_.subordinate_ids.has_value());
  return answers_.subordinate_ids->count ? answers_.subordinate_ids : std::nullopt;
}

std::string Table::own_cgroup(CgroupHierarchy const&) {
  ask(own, answers_.own_cgroup.has_value());
  return *answers_.own_cgroup;
}

std::string Table::obstacle_to_cgroup(orlop::kernel::CgroupDirectory const& cgroup) {
  ask(obstacle, answers_.obstacle_to_cgroup.has_value());
  if (answers_.free_cgroups.count(cgroup.full())) return {};
  return *answers_.obstacle_to_cgroup;
}

bool Table::has_module(char const* module) {
  ask(modules, answers_.security_modules.has_value());
  return answers_.security_modules->count(module) != 0;
}
bool Table::has_apparmor() { return has_module("apparmor"); }
bool Table::has_selinux() { return has_module("selinux"); }

std::string Table::resctrl_mount() {
  ask(resctrl, answers_.resctrl_mount.has_value());
  return *answers_.resctrl_mount;
}

bool Table::knows_filter_flags(unsigned) {
  ask(filter_flags, answers_.filter_flags.has_value());
  return *answers_.filter_flags;
}

std::set<std::string> Table::questions_answered() const {
  std::set<std::string> names;
  if (answers_.cgroup_hierarchies) names.insert(hierarchies);
  if (answers_.unified_controllers) names.insert(unified);
  if (answers_.grantable_capabilities) names.insert(capabilities);
  if (answers_.own_namespaces) names.insert(namespaces);
  if (answers_.own_cgroup) names.insert(own);
  if (answers_.obstacle_to_cgroup) names.insert(obstacle);
  if (answers_.manager_cgroup) names.insert(manager);
  if (answers_.security_modules) names.insert(modules);
  if (answers_.resctrl_mount) names.insert(resctrl);
  if (answers_.subordinate_ids) names.insert(subordinate);
  if (answers_.filter_flags) names.insert(filter_flags);
  return names;
}

}  // namespace plan_test
