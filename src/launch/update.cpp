#include "orlop/launch/update.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/rdt.hpp"

#include "oci/json.hpp"

#include <algorithm>
#include <fcntl.h>

namespace orlop::launch {

namespace {

using Settings = std::vector<kernel::CgroupSetting>;

// Limits of memory come last: lowering one may kill, and is not taken back by raising it.
Settings in_order(Settings settings) {
  std::stable_partition(settings.begin(), settings.end(),
                        [](auto const& one) { return !one.file.starts_with("memory."); });
  return settings;
}

Settings standing(Settings const& settings) {
  Settings now;
  for (auto const& setting : settings)
    if (auto one = kernel::current_setting(setting)) now.push_back(std::move(*one));
  std::reverse(now.begin(), now.end());
  return now;
}

void set_devices(plan::Cgroup const& cgroup, std::vector<kernel::DeviceRule> const& before,
                 std::vector<kernel::DeviceRule> const& rules) {
  bool const only_v2 = cgroup.directories.size() == 1 && cgroup.born_in();
  for (auto const& directory : cgroup.directories) {
    if (directory.hierarchy.has("devices")) kernel::change_devices_v1(directory.full(), before, rules);
    if (only_v2) kernel::replace_devices_v2(directory.full(), rules);
  }
}

void restore(plan::Update const& update, Settings const& before, bool devices_too) noexcept {
  try {
    kernel::write_settings(before);
    if (devices_too) set_devices(update.cgroup, update.cgroup.devices, update.devices_before);
  } catch (std::exception const& error) {
    log::warning(concat({"not all old values stand again: ", error.what()}));
  }
}

}  // namespace

void update(container::ContainerDir& container, plan::Update const& update) {
  Doing const doing{"cgroup"};
  auto const& cgroup = update.cgroup;
  if (auto const* tree = cgroup.born_in()) kernel::enable_controllers(tree->hierarchy.mount, tree->path, cgroup.controllers, false);
  Settings const settings = in_order(cgroup.settings), before = standing(settings);
  bool devices_begun = false;
  try {
    if (update.changes_devices) {
      devices_begun = true;
      set_devices(cgroup, update.devices_before, cgroup.devices);
    }
    kernel::write_settings(settings);
    container.write_resources(oci::print(update.resources, oci::Style::compact));
  } catch (...) {
    restore(update, before, devices_begun);
    throw;
  }
}

void update_schemata(container::Record const& record, std::vector<std::string> const& lines) {
  if (lines.empty()) return;
  Doing const doing{"linux.intelRdt"};
  if (record.rdt_groups.empty()) throw Error::refusal("the container has none, and so no group of resctrl to change");
  std::string const& group = record.rdt_groups.front();
  Directory const here{path::open_host(group, O_PATH | O_DIRECTORY), group};
  kernel::make_rdt_group(here, {.name = "", .must_exist = true, .expected = {}, .schemata = lines, .monitor = ""});
}

}  // namespace orlop::launch
