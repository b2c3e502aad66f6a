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

std::uint32_t owner_of(IdSpans const& map) {
  for (auto const& range : map)
    if (range.inside == 0) return 0;
  return map.front().inside;
}

bool is_mapped(IdSpans const& map, std::uint32_t id) {
  return std::any_of(map.begin(), map.end(), [&](auto const& range) { return id >= range.inside && id - range.inside < range.count; });
}

void check_mapped(IdSpans const& map, std::uint32_t id, std::string const& where, char const* list) {
  if (!is_mapped(map, id)) throw Refusal{where, concat({id, " is not in ", list, ": nobody has this id in the container"})};
}

}  // namespace

void plan_user_namespace(oci::Spec const& spec, oci::LinuxConfig const& config, Plan& plan) {
  if (!plan.namespaces.is_new(CLONE_NEWUSER)) {
    char const* const which = config.uid_mappings.empty() ? "linux.gidMappings" : "linux.uidMappings";
    if (config.uid_mappings.empty() && config.gid_mappings.empty()) return;
    throw Refusal{which, "needs a new user namespace in linux.namespaces"};
  }
  auto& user = plan.user_namespace.emplace();
  user.uids = map_of(config.uid_mappings, "linux.uidMappings");
  user.gids = map_of(config.gid_mappings, "linux.gidMappings");
  user.owner_uid = owner_of(user.uids);
  user.owner_gid = owner_of(user.gids);
  if (!spec.process) return;
  auto const& process = spec.process->user;
  check_mapped(user.uids, process.uid, "process.user.uid", "linux.uidMappings");
  check_mapped(user.gids, process.gid, "process.user.gid", "linux.gidMappings");
  for (std::size_t i = 0; i < process.additional_gids.size(); ++i)
    check_mapped(user.gids, process.additional_gids[i], at("process.user.additionalGids", i), "linux.gidMappings");
}

}  // namespace orlop::plan
