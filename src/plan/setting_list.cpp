#include "setting_list.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

template <class List>
bool has(List const& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void join(std::string& list, std::string_view word) { list += concat({list.empty() ? "" : ", ", word}); }

}  // namespace

ControllerPlace SettingList::find(std::string const& controller, std::string const& where) {
  refuse_disabled(where);
  for (auto const& directory : cgroup_.directories)
    if (!directory.hierarchy.is_v2 && directory.hierarchy.has(controller)) return {directory.full(), false, where};
  if (!cgroup_.tree()) refuse_missing(controller, where);
  return unified(controller == "blkio" ? "io" : controller, where);
}

ControllerPlace SettingList::unified(std::string const& controller, std::string const& where) {
  refuse_disabled(where);
  auto const* const tree = cgroup_.tree();
  if (!tree) throw Refusal{where, "needs a cgroup v2 hierarchy, and this host has none mounted"};
  if (controller == "cgroup") return {tree->full(), true, where};
  if (!has(host_.unified_controllers(), controller)) refuse_missing(controller, where);
  if (!has(cgroup_.controllers, controller)) cgroup_.controllers.push_back(controller);
  return {tree->full(), true, where};
}

kernel::CgroupSetting& SettingList::add(ControllerPlace const& place, std::string file, std::string value) {
  auto& setting = cgroup_.settings.emplace_back();
  setting.directory = place.directory;
  setting.file = std::move(file);
  setting.value = std::move(value);
  setting.where = place.where;
  return setting;
}

void SettingList::refuse_disabled(std::string const& where) {
  if (cgroup_.is_disabled) throw Refusal{where, "needs a cgroup, and --cgroup-manager disabled makes none"};
}

void SettingList::refuse_missing(std::string const& controller, std::string const& where) {
  std::string present;
  bool is_elsewhere = false;
  for (auto const& directory : cgroup_.directories)
    for (auto const& one : directory.hierarchy.controllers) {
      if (!one.starts_with("name=")) join(present, one);
      is_elsewhere |= one == controller;
    }
  if (cgroup_.tree())
    for (auto const& one : host_.unified_controllers()) join(present, one + " (v2)");
  std::string why = concat({"needs the cgroup controller ", controller, ", which is not here: there is ",
                            present.empty() ? "none" : present});
  if (is_elsewhere)
    why += "; a controller in a v1 hierarchy is not in the v2 tree";
  else if (controller == "net_cls" || controller == "net_prio")
    why += "; cgroup v2 has none like it, and a v1 hierarchy of it is not mounted in /sys/fs/cgroup";
  else
    why += "; the usual causes: the kernel was built or booted without it, its hierarchy is not mounted in /sys/fs/cgroup, "
           "or the cgroup that this one lies in was not given it";
  throw Refusal{where, why};
}

}  // namespace orlop::plan
