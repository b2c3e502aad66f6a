#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

// The other directories of resctrl's root.
constexpr std::string_view reserved[] = {".", "..", "info", "mon_groups", "mon_data"};

void check_clos_id(std::string const& id) {
  bool const is_reserved = std::find(std::begin(reserved), std::end(reserved), id) != std::end(reserved);
  if (is_reserved || id.find_first_of("/\n") != id.npos)
    throw Refusal{"linux.intelRdt.closID", concat({json_quoted(id), " is no name of a group"})};
}

void add_lines(std::string const& schema, std::vector<std::string>& lines) {
  for (auto const line : split(schema, '\n'))
    if (!trimmed(line).empty()) lines.emplace_back(trimmed(line));
}

void plan_schemata(oci::LinuxIntelRdt const& wanted, kernel::RdtGroup& group) {
  add_lines(wanted.l3_cache_schema, group.expected);
  std::string const& bandwidth = wanted.mem_bw_schema;
  if (!bandwidth.empty() && (!bandwidth.starts_with("MB:") || bandwidth.find('\n') != bandwidth.npos))
    throw Refusal{"linux.intelRdt.memBwSchema", concat({json_quoted(bandwidth), " is not one line that begins with MB:"})};
  add_lines(bandwidth, group.expected);
  group.schemata = group.expected;
  auto const& more = wanted.schemata.value_or(oci::StringList{});
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (more[i].find('\n') != std::string::npos) throw Refusal{at("linux.intelRdt.schemata", i), "is more than one line"};
    add_lines(more[i], group.schemata);
  }
}

}  // namespace

void plan_intel_rdt(oci::LinuxConfig const& config, HostFacts& host, Plan& plan) {
  if (!config.intel_rdt) return;
  auto const& wanted = *config.intel_rdt;
  IntelRdt& rdt = plan.intel_rdt.emplace();
  rdt.is_own = wanted.clos_id.empty();
  rdt.group.name = rdt.is_own ? plan.id : wanted.clos_id;
  bool const is_default = wanted.clos_id == "/";
  if (is_default)
    rdt.group.name.clear();
  else
    check_clos_id(rdt.group.name);
  plan_schemata(wanted, rdt.group);
  rdt.group.must_exist = is_default || (!rdt.is_own && rdt.group.schemata.empty());
  if (rdt.is_own) rdt.group.expected.clear();
  if (wanted.enable_monitoring) rdt.group.monitor = plan.id;
  rdt.mount = host.resctrl_mount();
  if (rdt.mount.empty())
    throw Refusal{"linux.intelRdt", "needs the resctrl file system, and none is mounted on this host"};
}

}  // namespace orlop::plan
