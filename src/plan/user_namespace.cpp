#include "section.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

using kernel::IdSpans;

constexpr std::uint64_t end_of_ids = UINT32_MAX;  // which is no id itself
constexpr std::size_t page = 4096;

// Length in text of what the kernel reads in one write, less than a page.
std::size_t text_size(IdSpans const& map) {
  std::size_t size = 0;
  for (auto const& range : map) size += concat({range.inside, " ", range.outside, " ", range.count, "\n"}).size();
  return size;
}

void check_range(kernel::IdSpan const& range, std::string const& where) {
  if (range.count == 0) throw Refusal{where + ".size", "is 0: a range has at least one id"};
  if (std::uint64_t{range.inside} + range.count > end_of_ids)
    throw Refusal{where + ".containerID", concat({range.inside, " and the ", range.count, " ids from there on end above the last id"})};
  if (std::uint64_t{range.outside} + range.count > end_of_ids)
    throw Refusal{where + ".hostID", concat({range.outside, " and the ", range.count, " ids from there on end above the last id"})};
}

bool overlap(std::uint64_t a, std::uint64_t a_count, std::uint64_t b, std::uint64_t b_count) {
  return a < b + b_count && b < a + a_count;
}

void check_overlap(IdSpans const& map, std::size_t index, std::string_view list) {
  auto const& range = map[index];
  for (std::size_t i = 0; i < index; ++i) {
    if (overlap(range.inside, range.count, map[i].inside, map[i].count))
      throw Refusal{at(list, index, "containerID"), concat({"overlaps with ", at(list, i)})};
    if (overlap(range.outside, range.count, map[i].outside, map[i].count))
      throw Refusal{at(list, index, "hostID"), concat({"overlaps with ", at(list, i)})};
  }
}

IdSpans map_of(std::vector<oci::LinuxIdMapping> const& wanted, std::string_view list) {
  if (wanted.empty()) throw Refusal{std::string{list}, "is empty: in a new user namespace nobody would have an id"};
  if (wanted.size() > kernel::most_id_ranges)
    throw Refusal{std::string{list}, concat({wanted.size(), " ranges are more than the ", kernel::most_id_ranges, " that the kernel takes"})};
  IdSpans map;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    map.push_back({wanted[i].container_id, wanted[i].host_id, wanted[i].size});
    check_range(map.back(), at(list, i));
    check_overlap(map, i, list);
  }
  if (text_size(map) >= page) throw Refusal{std::string{list}, "is longer than the page of text that the kernel takes"};
  return map;
}

// The config leaves it to us, as crun has it: the program's id is the caller's own, and all around it are the ids that
// the host has set aside for the caller.
IdSpans default_map(std::uint32_t inside, std::uint32_t own, std::optional<kernel::IdSpan> const& aside) {
  if (!aside) return {{inside, own, 1}};
  IdSpans map;
  std::uint32_t const below = std::min(inside, aside->count), rest = aside->count - below;
  if (below) map.push_back({0, aside->outside, below});
  map.push_back({inside, own, 1});
  if (rest) map.push_back({inside + 1, aside->outside + below, rest});
  return map;
}

std::uint32_t owner_of(IdSpans const& map) {
  for (auto const& range : map)
    if (range.inside == 0) return 0;
  return map.front().inside;
}

// What anybody may map without privilege: the own id, alone.
bool is_own_id(IdSpans const& map, std::uint32_t id) {
  return map.size() == 1 && map.front().outside == id && map.front().count == 1;
}

bool is_mapped(IdSpans const& map, std::uint32_t id) {
  return std::any_of(map.begin(), map.end(), [&](auto const& range) { return id >= range.inside && id - range.inside < range.count; });
}

void check_mapped(IdSpans const& map, std::uint32_t id, std::string const& where, char const* list) {
  if (map.empty()) return;
  if (!is_mapped(map, id)) throw Refusal{where, concat({id, " is not in ", list, ": nobody has this id in the container"})};
}

void refuse_without_user_namespace(oci::LinuxConfig const& config, Request const& request) {
  char const* const which = config.uid_mappings.empty() ? "linux.gidMappings" : "linux.uidMappings";
  if (!config.uid_mappings.empty() || !config.gid_mappings.empty())
    throw Refusal{which, "needs a user namespace in linux.namespaces"};
  if (request.caller)
    throw Refusal{"linux.namespaces", "a user namespace is needed where orlop is not root's (see orlop spec --rootless)"};
}

void plan_ordinary_maker(OrdinaryUser const& caller, oci::Spec const& spec, Plan const& plan, UserNamespace& user) {
  user.has_ordinary_maker = true;
  if (user.is_joined) {
    if (!plan.namespaces.time_offsets.empty())
      throw Refusal{"linux.timeOffsets", "cannot be given by an ordinary user in a user namespace that is joined"};
    return;
  }
  for (auto const& one : plan.namespaces.joined)
    throw Refusal{at("linux.namespaces", one.index, "path"),
                  "can be joined by an ordinary user only together with the user namespace that owns it"};
  user.uids_by_helper = !is_own_id(user.uids, caller.uid);
  user.gids_by_helper = !is_own_id(user.gids, caller.gid);
  user.denies_setgroups = !user.gids_by_helper;
  if (user.denies_setgroups && spec.process && !spec.process->user.additional_gids.empty())
    throw Refusal{"process.user.additionalGids", "cannot be had where only the own gid of an ordinary user is mapped"};
}

}  // namespace

void check_mapped(oci::User const& process, Plan const& plan) {
  auto const& user = *plan.user_namespace;
  check_mapped(user.uids, process.uid, "process.user.uid", "linux.uidMappings");
  check_mapped(user.gids, process.gid, "process.user.gid", "linux.gidMappings");
  for (std::size_t i = 0; i < process.additional_gids.size(); ++i)
    check_mapped(user.gids, process.additional_gids[i], at("process.user.additionalGids", i), "linux.gidMappings");
}

void plan_user_namespace_of(oci::LinuxConfig const& config, HostFacts& host, ExecRequest const& request, Plan& plan) {
  if (!has_user_namespace(config, host) && !request.has_ordinary_caller) return;
  auto& user = plan.user_namespace.emplace();
  for (auto const& one : config.uid_mappings) user.uids.push_back({one.container_id, one.host_id, one.size});
  for (auto const& one : config.gid_mappings) user.gids.push_back({one.container_id, one.host_id, one.size});
  user.is_joined = true;
  user.has_ordinary_maker = request.has_ordinary_caller;
  user.denies_setgroups = request.denies_setgroups;
}

void plan_user_namespace(oci::Spec const& spec, oci::LinuxConfig const& config, HostFacts& host, Request const& request,
                         Plan& plan) {
  bool const is_joined = plan.namespaces.joins(CLONE_NEWUSER);
  if (!is_joined && !plan.namespaces.is_new(CLONE_NEWUSER)) return refuse_without_user_namespace(config, request);
  auto& user = plan.user_namespace.emplace();
  user.is_joined = is_joined;
  bool const says_nothing = config.uid_mappings.empty() && config.gid_mappings.empty();
  if (is_joined && says_nothing) {
    if (request.caller) plan_ordinary_maker(*request.caller, spec, plan, user);
    return;
  }
  auto const process = spec.process ? spec.process->user : oci::User{};
  auto const& caller = request.caller;
  user.uids = says_nothing ? default_map(process.uid, caller ? caller->uid : 0, host.subordinate_ids(false))
                           : map_of(config.uid_mappings, "linux.uidMappings");
  user.gids = says_nothing ? default_map(process.gid, caller ? caller->gid : 0, host.subordinate_ids(true))
                           : map_of(config.gid_mappings, "linux.gidMappings");
  user.owner_uid = owner_of(user.uids);
  user.owner_gid = owner_of(user.gids);
  if (request.caller) plan_ordinary_maker(*request.caller, spec, plan, user);
  if (spec.process) check_mapped(spec.process->user, plan);
}

}  // namespace orlop::plan
