#include "mount_option.hpp"
#include "section.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

constexpr std::size_t most_ranges = 340;  // user_namespaces(7)

kernel::IdRange range_of(oci::LinuxIdMapping const& mapping) {
  return {mapping.container_id, mapping.host_id, mapping.size};
}

std::vector<kernel::IdRange> ranges_of(std::vector<oci::LinuxIdMapping> const& mappings) {
  std::vector<kernel::IdRange> ranges;
  for (auto const& mapping : mappings) ranges.push_back(range_of(mapping));
  return ranges;
}

// What the container's user namespace shows as `id`. Without one of its own, ids are the host's.
std::optional<std::uint32_t> on_host(std::uint32_t id, std::uint32_t size, std::vector<oci::LinuxIdMapping> const& space) {
  if (space.empty()) return id;
  for (auto const& one : space)
    if (id >= one.container_id && std::uint64_t{id} + size <= std::uint64_t{one.container_id} + one.size)
      return one.host_id + (id - one.container_id);
  return std::nullopt;
}

// "0-1000-1#10-5-3", with "@" in front of what is relative to the container's user namespace.
class Parser {
public:
  Parser(std::string_view option, std::string where) : option_{option}, where_{std::move(where)} {}

  std::vector<kernel::IdRange> ranges(std::string_view text, std::vector<oci::LinuxIdMapping> const& space) const {
    bool const all_relative = text.starts_with('@');
    if (all_relative) text.remove_prefix(1);
    std::vector<kernel::IdRange> ranges;
    for (std::string_view part : split(text, '#')) {
      bool const relative = all_relative || part.starts_with('@');
      if (part.starts_with('@')) part.remove_prefix(1);
      ranges.push_back(range(part, relative, space));
    }
    if (ranges.empty()) refuse("has an empty map");
    return ranges;
  }

  [[noreturn]] void refuse(std::string_view why) const { throw Refusal{where_, concat({"\"", option_, "\" ", why})}; }

private:
  kernel::IdRange range(std::string_view text, bool relative, std::vector<oci::LinuxIdMapping> const& space) const {
    auto const parts = split(text, '-');
    std::uint32_t numbers[3] = {};
    if (parts.size() != 3) refuse("has a range that is not FROM-TO-SIZE");
    for (std::size_t i = 0; i < 3; ++i) {
      auto const number = whole_number(parts[i]);
      if (!number || *number > UINT32_MAX) refuse("has a range that is not FROM-TO-SIZE");
      numbers[i] = static_cast<std::uint32_t>(*number);
    }
    auto const host = relative ? on_host(numbers[1], numbers[2], space) : numbers[1];
    if (!host) refuse("has ids that the container's user namespace does not hold");
    return {numbers[0], *host, numbers[2]};
  }

  std::string_view option_;
  std::string where_;
};

void check_ranges(std::vector<kernel::IdRange> const& ranges, std::string const& where) {
  if (ranges.size() > most_ranges) throw Refusal{where, concat({"has more than ", most_ranges, " ranges"})};
  for (auto const& range : ranges) {
    if (range.size == 0) throw Refusal{where, "has an empty range of ids"};
    std::uint64_t const last = std::uint64_t{range.size} - 1;
    if (range.inside + last > UINT32_MAX || range.outside + last > UINT32_MAX)
      throw Refusal{where, "has a range of ids that ends above 4294967295"};
  }
}

void parse_option(std::string_view option, std::string const& where, oci::LinuxConfig const& config, Mount& mount) {
  Parser const parser{option, where};
  mount.id_map.recursive = option.starts_with('r');
  auto const equals = option.find('=');
  if (equals == std::string_view::npos) {
    if (config.uid_mappings.empty() || config.gid_mappings.empty())
      parser.refuse("without ids means those of the container's user namespace, and it has none of its own");
    mount.id_map.uids = ranges_of(config.uid_mappings);
    mount.id_map.gids = ranges_of(config.gid_mappings);
    return;
  }
  for (auto const part : split(option.substr(equals + 1), ';')) {
    if (part.starts_with("uids="))
      mount.id_map.uids = parser.ranges(part.substr(5), config.uid_mappings);
    else if (part.starts_with("gids="))
      mount.id_map.gids = parser.ranges(part.substr(5), config.gid_mappings);
    else
      parser.refuse("is not idmap=uids=…;gids=…");
  }
  if (mount.id_map.uids.empty() || mount.id_map.gids.empty()) parser.refuse("has to map both uids and gids");
}

}  // namespace

bool is_id_map_option(std::string_view option) {
  std::string_view const word = option.substr(0, option.find('='));
  return word == "idmap" || word == "ridmap";
}

void plan_id_map(oci::Mount const& wanted, oci::LinuxConfig const& config, Mount& mount) {
  bool const has_uids = !wanted.uid_mappings.empty(), has_gids = !wanted.gid_mappings.empty();
  if (has_uids != has_gids)
    throw Refusal{at("mounts", mount.index, has_uids ? "uidMappings" : "gidMappings"),
                  concat({"needs ", has_uids ? "gidMappings" : "uidMappings", " beside it"})};
  mount.id_map.uids = ranges_of(wanted.uid_mappings);
  mount.id_map.gids = ranges_of(wanted.gid_mappings);
  std::string where = at("mounts", mount.index, "uidMappings");
  for (std::size_t i = 0; i < wanted.options.size(); ++i) {
    std::string const& option = wanted.options[i];
    if (!is_id_map_option(option)) continue;
    std::string const here = concat({at("mounts", mount.index, "options"), "[", i, "]"});
    // With the mappings of the spec beside it the word alone only says how far they go.
    if (has_uids && option.find('=') != std::string::npos)
      throw Refusal{here, concat({"\"", option, "\" contradicts the mount's uidMappings"})};
    if (has_uids)
      mount.id_map.recursive = option.front() == 'r';
    else
      parse_option(option, here, config, mount), where = here;
  }
  check_ranges(mount.id_map.uids, where);
  check_ranges(mount.id_map.gids, has_uids ? at("mounts", mount.index, "gidMappings") : where);
}

}  // namespace orlop::plan
