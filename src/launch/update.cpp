#include "orlop/launch/update.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/launch/systemd.hpp"
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
  for (auto const& directory : cgroup.directories) {
    if (directory.hierarchy.has("devices")) kernel::change_devices_v1(directory.full(), before, rules);
    if (cgroup.is_only_tree()) kernel::replace_devices_v2(directory.full(), rules);
  }
}

Directory group_of(container::Record const& record) {
  if (record.rdt_groups.empty()) throw Error::refusal("the container has none, and so no group of resctrl to change");
  std::string const& group = record.rdt_groups.front();
  return {path::open_host(group, O_PATH | O_DIRECTORY), group};
}

kernel::RdtGroup with_schemata(std::vector<std::string> const& lines) {
  return {.name = "", .must_exist = true, .expected = {}, .schemata = lines, .monitor = ""};
}

std::vector<std::string> schemata_before(container::Record const& record, std::vector<std::string> const& lines) {
  Doing const doing{"linux.intelRdt"};
  if (lines.empty()) return {};
  return kernel::standing_schemata(group_of(record), with_schemata(lines));
}

void set_schemata(container::Record const& record, std::vector<std::string> const& lines) {
  Doing const doing{"linux.intelRdt"};
  if (!lines.empty()) kernel::make_rdt_group(group_of(record), with_schemata(lines));
}

// Each part of the way back is tried, whatever became of the others.
template <class Part>
void attempt(std::string_view what, Part const& part) noexcept {
  try {
    part();
  } catch (std::exception const& error) {
    log::warning(concat({what, ": not all of the old values stand again: ", error.what()}));
  }
}

Settings settings_of(std::vector<container::OldValue> const& values) {
  Settings settings;
  for (auto const& one : values) {
    auto& setting = settings.emplace_back();
    setting.directory = one.directory;
    setting.file = one.file;
    setting.value = one.value;
    setting.may_be_missing = true;
  }
  return settings;
}

container::UnfinishedUpdate begun(container::Record const& record, plan::Update const& update,
                                  oci::LinuxResources const& wanted, std::vector<std::string> const& schemata,
                                  Settings const& settings) {
  container::UnfinishedUpdate begun{wanted, update.resources, {}, schemata_before(record, schemata)};
  for (auto const& one : standing(settings)) begun.old_values.push_back({one.directory, one.file, one.value});
  return begun;
}

void make_settable(plan::Cgroup const& cgroup) {
  Doing const doing{"cgroup"};
  if (auto const* tree = cgroup.tree()) kernel::enable_controllers(tree->hierarchy.mount, tree->path, cgroup.controllers, false);
}

void set_limits(container::Record const& record, plan::Update const& update, Settings const& settings) {
  Doing const doing{"cgroup"};
  if (update.changes_devices) set_devices(update.cgroup, update.devices_before, update.cgroup.devices);
  kernel::write_settings(settings);
  if (update.unit_properties.empty()) return;
  bus::Connection systemd = connect_to_systemd(record.unit_is_users, -1);
  kernel::set_unit_properties(systemd, record.unit, update.unit_properties);
  // systemd has written the same, as far as it knows it: it has no fractions of a percent, for one.
  kernel::write_settings(settings);
}

}  // namespace

void update(container::ContainerDir& container, container::Record const& record, plan::Update const& update,
            oci::LinuxResources const& wanted, std::vector<std::string> const& schemata) {
  Settings const settings = in_order(update.cgroup.settings);
  make_settable(update.cgroup);
  auto const left = begun(record, update, wanted, schemata, settings);
  container.write_unfinished(left);
  try {
    set_schemata(record, schemata);
    set_limits(record, update, settings);
    container.write_resources(oci::print(update.resources, oci::Style::compact));
  } catch (...) {
    take_back(container, record, update, left);
    throw;
  }
  container.remove_unfinished();
}

bool is_half_done(container::ContainerDir const& container, container::UnfinishedUpdate const& left) {
  return container.try_read_resources() != oci::print(left.resources, oci::Style::compact);
}

void take_back(container::ContainerDir& container, container::Record const& record, plan::Update const& update,
               container::UnfinishedUpdate const& left) noexcept {
  attempt("resctrl", [&] { set_schemata(record, left.old_schemata); });
  attempt("the unit of systemd", [&] {
    if (update.unit_properties_before.empty()) return;
    bus::Connection systemd = connect_to_systemd(record.unit_is_users, -1);
    kernel::set_unit_properties(systemd, record.unit, update.unit_properties_before);
  });
  attempt("the devices", [&] {
    if (update.changes_devices) set_devices(update.cgroup, update.cgroup.devices, update.devices_before);
  });
  attempt("the cgroup", [&] {
    if (auto const error = kernel::try_restore_settings(settings_of(left.old_values))) throw *error;
  });
  container.remove_unfinished();
}

}  // namespace orlop::launch
