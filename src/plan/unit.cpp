// The systemd unit that --systemd-cgroup asks for: linux.cgroupsPath is SLICE:PREFIX:NAME, as runc and crun have it.
#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

constexpr char cgroups_path[] = "linux.cgroupsPath";
constexpr std::string_view property_prefix = "org.systemd.property.";
constexpr char subgroup_key[] = "run.oci.systemd.subgroup";

bool is_unit_character(char c) {
  bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_letter || std::string_view{":-_.\\@"}.find(c) != std::string_view::npos;
}

void check_unit_name(std::string const& name) {
  constexpr std::size_t longest = 255;
  if (name.size() > longest)
    throw Refusal{cgroups_path, concat({"the systemd unit ", name, " has a name of ", name.size(), " letters, and ", longest, " are the most"})};
  for (char const c : name)
    if (!is_unit_character(c))
      throw Refusal{cgroups_path, concat({"the systemd unit ", json_quoted(name),
                                          " cannot have this name: letters, digits and : - _ . \\ @ are what systemd takes"})};
}

// Where a slice lies: "a-b.slice" is "/a.slice/a-b.slice", and "-.slice" is the root. systemd.slice(5).
std::string path_of_slice(std::string const& slice) {
  constexpr std::string_view end = ".slice";
  auto const refuse = [&] {
    throw Refusal{cgroups_path, concat({json_quoted(slice), " is no name of a slice (\"machine.slice\", \"a-b.slice\")"})};
  };
  if (slice == "-.slice") return "";
  if (!slice.ends_with(end) || slice.size() == end.size() || slice.find('/') != std::string::npos) refuse();
  check_unit_name(slice);
  std::string path;
  std::string_view const stem = std::string_view{slice}.substr(0, slice.size() - end.size());
  if (stem.ends_with('-')) refuse();
  for (auto dash = stem.find('-');; dash = stem.find('-', dash + 1)) {
    std::string_view const above = stem.substr(0, dash);
    if (above.empty() || above.ends_with('-')) refuse();
    path += concat({"/", above, end});
    if (dash == std::string_view::npos) return path;
  }
}

struct Place {
  std::string slice, name;
};

Place place_of_unit(std::string const& path, Request const& request, std::string const& id) {
  std::string const home = request.systemd == Systemd::user ? "user.slice" : "system.slice";
  if (path.empty()) return {home, concat({"orlop-", id, ".scope"})};
  auto const first = path.find(':'), second = path.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos || path.find(':', second + 1) != std::string::npos)
    throw Refusal{cgroups_path, concat({json_quoted(path), " is not of the form SLICE:PREFIX:NAME, as it has to be where "
                                                           "systemd makes the cgroup"})};
  std::string const slice = path.substr(0, first), prefix = path.substr(first + 1, second - first - 1);
  std::string const name = path.substr(second + 1);
  if (name.empty()) throw Refusal{cgroups_path, concat({json_quoted(path), " has no name behind its last colon"})};
  if (name.ends_with(".slice"))
    throw Refusal{cgroups_path, concat({json_quoted(name), " is a slice: the unit of a container is a scope"})};
  return {slice.empty() ? home : slice, concat({prefix, "-", name, ".scope"})};
}

kernel::UnitProperty flag(char const* name, bool value) { return {name, {"b", {value ? "1" : "0"}}}; }
kernel::UnitProperty word(char const* name, std::string value) { return {name, {"s", {std::move(value)}}}; }

// "/dev/char/1:3", "char-136", "char-*": systemd has no word for a minor number of all majors, and none for a denial.
// What it allows may be more than the rules do, never less: on v2 it has a program of its own, and both have to agree.
void allow(kernel::DeviceRule const& rule, char type, std::vector<std::string>& words) {
  std::string const kind = type == 'b' ? "block" : "char";
  std::string access;
  for (auto const& [bit, letter] : {std::pair{kernel::device_read, 'r'}, {kernel::device_write, 'w'}, {kernel::device_mknod, 'm'}})
    if (rule.access & bit) access += letter;
  if (!rule.major)
    words.push_back(kind + "-*");
  else
    words.push_back(rule.minor ? concat({"/dev/", kind, "/", *rule.major, ":", *rule.minor}) : concat({kind, "-", *rule.major}));
  words.push_back(std::move(access));
}

void plan_subgroup(std::string const& subgroup, Cgroup& cgroup) {
  if (subgroup.empty()) return;
  check_path_below(subgroup, place_of_annotation(subgroup_key), "the unit's cgroup");
  cgroup.unit->subgroup = subgroup;
  for (auto& directory : cgroup.directories) directory.path += "/" + subgroup;
}

}  // namespace

void plan_unit(oci::LinuxConfig const& config, HostFacts& host, Request const& request, Plan& plan) {
  Unit& unit = plan.cgroup.unit.emplace();
  unit.is_users = request.systemd == Systemd::user;
  auto const place = place_of_unit(config.cgroups_path, request, plan.id);
  std::string const below = path_of_slice(place.slice);
  check_unit_name(place.name);
  auto const& manager = host.manager_cgroup(unit.is_users);
  if (!manager) throw Refusal{"", "systemd cannot make the cgroup: this machine was not booted with it (sd_booted(3))"};
  unit.name = place.name;
  unit.path = concat({*manager, below, "/", place.name});
  bool is_only_v2 = true;
  for (auto const& hierarchy : host.cgroup_hierarchies()) is_only_v2 &= hierarchy.is_v2;
  unit.own.push_back(word("Description", "orlop container " + plan.id));
  unit.own.push_back(word("Slice", place.slice));
  // Without it systemd would take back what we write, and the processes that the container moves.
  unit.own.push_back(flag("Delegate", true));
  // Statistics are there, limit or not, as with cgroups of our own.
  for (char const* name : {"CPUAccounting", "MemoryAccounting", "TasksAccounting"}) unit.own.push_back(flag(name, true));
  unit.own.push_back(flag(is_only_v2 ? "IOAccounting" : "BlockIOAccounting", true));
  unit.own.back().may_be_unknown = true;
  // Else it would conflict with shutdown.target, which is an engine's to order.
  unit.own.push_back(flag("DefaultDependencies", false));
  // A container that was killed for want of memory leaves no failed unit behind.
  unit.own.push_back(word("CollectMode", "inactive-or-failed"));
  unit.own.back().may_be_unknown = true;
}

void plan_unit_devices(Cgroup& cgroup) {
  if (!cgroup.filters_devices) return;
  kernel::UnitProperty list{"DeviceAllow", {"a(ss)", {}}};
  bool allows_all = false;
  for (auto const& rule : cgroup.devices) {
    bool const is_for_all = rule.type == 'a' && !rule.major && !rule.minor;
    if (is_for_all) list.value.words.clear();
    if (is_for_all) allows_all = rule.allow;
    if (is_for_all || !rule.allow) continue;
    for (char const type : {'c', 'b'})
      if (rule.type == type || rule.type == 'a') allow(rule, type, list.value.words);
  }
  cgroup.unit->devices.push_back(word("DevicePolicy", allows_all ? "auto" : "strict"));
  if (!allows_all) cgroup.unit->devices.push_back(std::move(list));
}

void plan_unit_annotations(oci::Annotations const& annotations, Plan& plan) {
  auto& unit = plan.cgroup.unit;
  for (auto const& [key, value] : annotations) {
    bool const is_property = key.starts_with(property_prefix), is_subgroup = key == subgroup_key;
    if (!is_property && !is_subgroup) continue;
    if (!unit) {
      plan.notes.push_back(concat({place_of_annotation(key), ": passed over: the container is no unit of systemd"}));
    } else if (is_subgroup) {
      plan_subgroup(value, plan.cgroup);
    } else {
      auto property = unit_property(std::string_view{key}.substr(property_prefix.size()), value, place_of_annotation(key));
      std::erase_if(unit->own, [&](auto const& one) { return one.name == property.name; });
      unit->own.push_back(std::move(property));
    }
  }
}

}  // namespace orlop::plan
