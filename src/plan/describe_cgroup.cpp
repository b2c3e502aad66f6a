#include "describe.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

std::string setting_text(kernel::CgroupSetting const& setting) {
  std::string text = concat({setting.directory, "/", setting.file, " ", setting.value});
  if (!setting.other_file.empty()) text += concat({", or else ", setting.other_file, " ", setting.other_value});
  if (setting.may_be_missing) text += ", if there";
  if (!setting.usage_file.empty()) text += concat({", not below ", setting.usage_file});
  if (setting.is_last) text += ", at last";
  return text;
}

void describe_properties(char const* title, std::vector<kernel::UnitProperty> const& properties, Description& section) {
  if (properties.empty()) return;
  Description list = Description::list();
  for (auto const& property : properties) {
    std::string text = concat({property.name, " ", property.value.signature});
    for (auto const& word : property.value.words) text += " " + word;
    list.add(Description::text(text));
  }
  section.add(title, std::move(list));
}

Description describe_unit(Unit const& unit) {
  Description section;
  section.add("name", Description::text(unit.name));
  section.add("made by", Description::text(unit.is_users ? "the user's systemd" : "the system's systemd"));
  if (!unit.subgroup.empty()) section.add("cgroup below it", Description::text(unit.subgroup));
  describe_properties("properties", unit.own, section);
  describe_properties("devices", unit.devices, section);
  describe_properties("limits", unit.limits, section);
  describe_properties("limits at last", unit.last_limits, section);
  return section;
}

}  // namespace

Description describe_cgroup(Cgroup const& cgroup) {
  Description section;
  if (cgroup.is_disabled) {
    section.add("disabled", Description::text("--cgroup-manager disabled"));
    return section;
  }
  if (cgroup.unit) section.add("systemd unit", describe_unit(*cgroup.unit));
  Description directories = Description::list();
  for (auto const& directory : cgroup.directories) directories.add(Description::text(directory.full()));
  section.add("make", std::move(directories));
  Description devices = Description::list();
  devices.add(Description::text("deny a *:* rwm"));
  for (auto const& rule : cgroup.devices)
    devices.add(Description::text(concat({rule.allow ? "allow " : "deny ", kernel::device_rule_text(rule)})));
  section.add("devices", cgroup.filters_devices ? std::move(devices) : Description::text("not filtered"));
  if (!cgroup.payload.empty()) section.add("of the program, below it", Description::text(cgroup.payload));
  if (cgroup.owner_inside) section.add("is given to the user inside", Description::number(*cgroup.owner_inside));
  if (!cgroup.controllers.empty()) section.add("controllers switched on", Description::texts(cgroup.controllers));
  Description settings = Description::list();
  for (auto const& setting : cgroup.settings) settings.add(Description::text(setting_text(setting)));
  if (!cgroup.settings.empty()) section.add("settings", std::move(settings));
  if (cgroup.owner) section.add("is given to the user", Description::number(*cgroup.owner));
  if (cgroup.is_entered_late && cgroup.tree()) section.add("process is moved into", Description::text(cgroup.tree()->full()));
  if (auto const* born = cgroup.born_in()) section.add("process is born in", Description::text(born->full()));
  return section;
}

}  // namespace orlop::plan
