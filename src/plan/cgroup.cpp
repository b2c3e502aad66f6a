#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <algorithm>
#include <linux/mount.h>

namespace orlop::plan {

namespace {

using kernel::DeviceRule;
constexpr char payload_key[] = "run.oci.delegate-cgroup";
constexpr std::uint8_t all_access = kernel::device_mknod | kernel::device_read | kernel::device_write;

std::uint8_t access_of(std::string const& text, std::string const& where) {
  if (text.empty()) return all_access;
  std::uint8_t access = 0;
  for (char const c : text) {
    if (c == 'r')
      access |= kernel::device_read;
    else if (c == 'w')
      access |= kernel::device_write;
    else if (c == 'm')
      access |= kernel::device_mknod;
    else
      throw Refusal{where, concat({"\"", text, "\" is no combination of r, w and m"})};
  }
  return access;
}

// -1 is an old spelling of "any".
std::optional<std::uint32_t> number_of(std::optional<std::int64_t> number, std::string const& where) {
  if (!number || *number == -1) return std::nullopt;
  if (*number < 0 || *number > UINT32_MAX) throw Refusal{where, concat({*number, " is no device number"})};
  return static_cast<std::uint32_t>(*number);
}

void add_rule(oci::LinuxDeviceCgroup const& wanted, std::size_t index, std::vector<DeviceRule>& rules) {
  constexpr char list[] = "linux.resources.devices";
  if (!wanted.type.empty() && wanted.type != "a" && wanted.type != "b" && wanted.type != "c")
    throw Refusal{at(list, index, "type"), concat({"unknown device type \"", wanted.type, "\" (a, b or c)"})};
  DeviceRule rule;
  rule.allow = wanted.allow;
  rule.type = wanted.type.empty() ? 'a' : wanted.type[0];
  rule.major = number_of(wanted.major, at(list, index, "major"));
  rule.minor = number_of(wanted.minor, at(list, index, "minor"));
  rule.access = access_of(wanted.access, at(list, index, "access"));
  bool const is_for_all = !rule.major && !rule.minor && rule.access == all_access;
  if (rule.type != 'a' || is_for_all) {
    rules.push_back(rule);
    return;
  }
  // The v1 files ignore all but the type of a rule for all types: say it by type.
  for (char const type : {'b', 'c'}) {
    rule.type = type;
    rules.push_back(rule);
  }
}

// What every container may use, whatever the config says before: the default devices, ptmx, the terminals of its own
// devpts; and mknod of anything (which gives no access to it).
void add_default_rules(std::vector<DeviceRule>& rules) {
  struct Row {
    std::uint32_t major;
    std::optional<std::uint32_t> minor;
  };
  constexpr Row rows[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, std::nullopt}};
  for (char const type : {'c', 'b'}) rules.push_back({true, type, {}, {}, kernel::device_mknod});
  for (Row const& row : rows) rules.push_back({true, 'c', row.major, row.minor, all_access});
}

// What only a cgroup gives; device rules are none of it, for a user without privilege has no devices but the host's nodes.
std::string first_limit(oci::LinuxConfig const& config) {
  if (!config.resources) return {};
  auto const& all = *config.resources;
  char const* name = nullptr;
  if (all.memory && *all.memory != oci::LinuxMemory{}) name = "memory";
  else if (all.cpu && *all.cpu != oci::LinuxCpu{}) name = "cpu";
  else if (all.pids && *all.pids != oci::LinuxPids{}) name = "pids";
  else if (all.block_io && *all.block_io != oci::LinuxBlockIo{}) name = "blockIO";
  else if (!all.hugepage_limits.empty()) name = "hugepageLimits";
  else if (all.network && *all.network != oci::LinuxNetwork{}) name = "network";
  else if (!all.rdma.empty()) name = "rdma";
  else if (!all.unified.empty()) name = "unified";
  return name ? concat({"linux.resources.", name}) : std::string{};
}

// Where linux.cgroupsPath is silent. Root of the host begins at the root of a hierarchy, which nobody else may write to: there
// it is beside the caller's own cgroup, or else below it, where the caller's processes are in the way of controllers
// (cgroups(7), "no internal processes").
std::string default_path(kernel::CgroupHierarchy const& hierarchy, HostFacts& host, bool is_hosts_root, std::string const& id) {
  std::string const name = concat({"/", id});
  if (is_hosts_root) return name;
  std::string const own = host.own_cgroup(hierarchy);
  if (own == "/") return name;
  std::string const beside = own.substr(0, own.rfind('/')) + name, below = own + name;
  if (beside != own && host.obstacle_to_cgroup({hierarchy, beside}).empty()) return beside;
  return host.obstacle_to_cgroup({hierarchy, below}).empty() ? below : beside;
}

// Where it is, of a container that is there already.
std::optional<std::string> recorded_path(kernel::CgroupHierarchy const& hierarchy, Request const& request) {
  for (auto const& directory : request.cgroups)
    if (directory.starts_with(hierarchy.mount + "/")) return directory.substr(hierarchy.mount.size());
  return std::nullopt;
}

// Nothing: a container that is there already has none in this hierarchy.
std::optional<std::string> path_in(kernel::CgroupHierarchy const& hierarchy, std::string const& given, HostFacts& host,
                                   Request const& request, Plan const& plan) {
  if (plan.cgroup.unit) return given;
  if (!request.cgroups.empty()) return recorded_path(hierarchy, request);
  return given.empty() ? default_path(hierarchy, host, request.is_hosts_root, plan.id) : given;
}

// True: it is left out, and a note says why.
bool is_left_out(kernel::CgroupDirectory const& directory, oci::LinuxConfig const& config, HostFacts& host, Plan& plan) {
  std::string const obstacle = host.obstacle_to_cgroup(directory);
  if (obstacle.empty()) return false;
  if (std::string const limit = first_limit(config); !limit.empty())
    throw Refusal{limit, concat({"needs the cgroup ", directory.full(), ", and it cannot be made: ", obstacle,
                                 " (linux.cgroupsPath may name one below a cgroup that is delegated to the caller)"})};
  plan.notes.push_back(concat({"no cgroup ", directory.full(), ": ", obstacle}));
  return true;
}

// In a new user namespace the ids of the container are others on the host.
uid_t host_uid(Plan const& plan, uid_t uid) {
  if (!plan.user_namespace) return uid;
  for (auto const& span : plan.user_namespace->uids)
    if (uid >= span.inside && uid - span.inside < span.count) return span.outside + (uid - span.inside);
  return uid;
}

}  // namespace

// Engines write device rules into every config: without a cgroup nothing can apply them, and who asked for none knows.
void plan_without_cgroup(Plan& plan) {
  plan.cgroup.is_disabled = true;
  plan.notes.push_back("--cgroup-manager disabled: no cgroup is made, no device rule applies");
}

void plan_cgroup(oci::LinuxConfig const& config, HostFacts& host, Request const& request, Plan& plan) {
  bool const has_unit = request.systemd != Systemd::none;
  if (has_unit) plan_unit(config, host, request, plan);
  std::string given = has_unit ? plan.cgroup.unit->path : config.cgroups_path;
  if (!given.empty()) given = path::cleaned(given);
  if (given == "/") throw Refusal{"linux.cgroupsPath", "is the root of the hierarchy, which is the host's"};
  plan.cgroup.is_entered_late = plan.namespaces.is_new(CLONE_NEWUSER) && plan.namespaces.joins(CLONE_NEWCGROUP);
  for (auto const& hierarchy : host.cgroup_hierarchies()) {
    auto const path = path_in(hierarchy, given, host, request, plan);
    if (!path) continue;
    kernel::CgroupDirectory directory{hierarchy, *path};
    if (!has_unit && request.cgroup_may_lack && is_left_out(directory, config, host, plan))
      plan.cgroup.is_left_out = true;
    else
      plan.cgroup.directories.push_back(std::move(directory));
  }
  if (config.resources)
    for (std::size_t i = 0; i < config.resources->devices.size(); ++i)
      add_rule(config.resources->devices[i], i, plan.cgroup.devices);
  add_default_rules(plan.cgroup.devices);
  // Such a container has no devices but nodes of the host that are bound in, which the host's own modes protect.
  plan.cgroup.filters_devices = request.may_filter_devices;
  if (has_unit) plan_unit_devices(plan.cgroup);
}

std::string payload_cgroup(oci::Annotations const& annotations) {
  for (auto const& [key, value] : annotations) {
    if (key != payload_key || value.empty()) continue;
    check_path_below(value, place_of_annotation(key), "the container's cgroup");
    return value;
  }
  return {};
}

// As crun has it.
void plan_payload_cgroup(oci::Annotations const& annotations, Plan& plan) {
  plan.cgroup.payload = payload_cgroup(annotations);
  if (!plan.cgroup.payload.empty() && !plan.cgroup.is_only_tree())
    throw Refusal{place_of_annotation(payload_key), "needs a cgroup of the container's own, on a host with cgroup version 2 alone"};
}

// The spec's rules: only on v2, with a new cgroup namespace, and where the container can write to its cgroups.
void plan_cgroup_owner(oci::Spec const& spec, Plan& plan) {
  auto const is_writable = [](Mount const& mount) {
    return mount.kind == MountKind::cgroup && mount.destination == "/sys/fs/cgroup" &&
           !((mount.attributes.set | mount.recursive_attributes.set) & MOUNT_ATTR_RDONLY);
  };
  if (!plan.cgroup.is_only_tree() || !spec.process) return;
  bool const is_asked_for = !plan.cgroup.payload.empty();
  if (!is_asked_for && !plan.namespaces.is_new(CLONE_NEWCGROUP)) return;
  if (!is_asked_for && std::none_of(plan.mounts.begin(), plan.mounts.end(), is_writable)) return;
  uid_t const uid = spec.process->user.uid, owner = host_uid(plan, uid);
  // An ordinary user's are its own already. The ids of a joined user namespace are known when somebody is in it.
  if (plan.user_namespace && plan.user_namespace->has_ordinary_maker) return;
  if (plan.user_namespace && plan.user_namespace->is_joined)
    plan.cgroup.owner_inside = uid;
  else if (owner != 0) plan.cgroup.owner = owner;
}

}  // namespace orlop::plan
