#include "orlop/launch/cgroup_set.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/launch/status.hpp"

namespace orlop::launch {

namespace {

constexpr int patience_ms = 5000;

std::string processes_text(std::string const& directory) {
  std::string text;
  for (pid_t const pid : kernel::cgroup_processes(directory)) text += concat({text.empty() ? "" : ", ", pid});
  return text.empty() ? "no process that can be seen" : text;
}

bool is_missing(kernel::CgroupDirectory const& directory) { return access(directory.full().c_str(), F_OK) < 0; }

std::vector<kernel::CgroupSetting> settings_of(plan::Cgroup const& cgroup, bool last) {
  std::vector<kernel::CgroupSetting> settings;
  for (auto const& setting : cgroup.settings)
    if (setting.is_last == last) settings.push_back(setting);
  return settings;
}

// `all` are the container's: what was frozen dies on v1 only when it is thawed.
void remove_one(std::string const& directory, std::vector<std::string> const& all) {
  if (kernel::try_remove_cgroup(directory, 0)) return;
  kernel::kill_cgroup(directory);
  thaw_after_kill(all);
  if (kernel::try_remove_cgroup(directory, patience_ms)) return;
  throw Error::refusal(concat({"cgroup ", directory, " is still in use by ", processes_text(directory)}));
}

}  // namespace

Fd CgroupSet::make_birthplace() {
  Doing const doing{"cgroup"};
  auto const* const born = cgroup_.born_in();
  if (!born) return {};
  bool const is_new = is_missing(*born);
  if (is_new) made_.push_back(born->full());
  kernel::make_cgroup(*born);
  // Where v2 is all there is, its controllers count what the statistics show, limit or not.
  kernel::enable_controllers(born->hierarchy.mount, born->path, cgroup_.controllers, cgroup_.directories.size() == 1);
  if (is_new && cgroup_.owner) kernel::delegate_cgroup(born->full(), *cgroup_.owner);
  return kernel::open_cgroup(*born);
}

void CgroupSet::make_rest() {
  Doing const doing{"cgroup"};
  for (auto const& directory : cgroup_.directories) {
    if (directory.hierarchy.is_v2) continue;
    if (is_missing(directory)) made_.push_back(directory.full());
    kernel::make_cgroup(directory);
  }
}

// Devices: by the v1 controller where there is one, by the v2 tree where it is the only hierarchy.
void CgroupSet::set() {
  Doing const doing{"cgroup"};
  bool const only_v2 = cgroup_.directories.size() == 1 && cgroup_.born_in();
  for (auto const& directory : cgroup_.directories) {
    if (!cgroup_.filters_devices) break;
    if (directory.hierarchy.has("devices")) kernel::filter_devices_v1(directory.full(), cgroup_.devices);
    if (only_v2) kernel::filter_devices_v2(directory.full(), cgroup_.devices);
  }
  if (!cgroup_.settings.empty()) kernel::write_settings(settings_of(cgroup_, false));
}

bool CgroupSet::has_killed() const {
  for (auto const& directory : cgroup_.directories)
    if (directory.hierarchy.is_v2 || directory.hierarchy.has("memory"))
      if (kernel::oom_kills(directory.full()) > 0) return true;
  return false;
}

void CgroupSet::set_last() {
  Doing const doing{"cgroup"};
  kernel::write_settings(settings_of(cgroup_, true));
}

void CgroupSet::give_to(uid_t owner) {
  Doing const doing{"cgroup"};
  for (auto const& directory : made_) kernel::delegate_cgroup(directory, owner);
}

CgroupSet::~CgroupSet() {
  if (owner_ != getpid()) return;
  for (auto const& directory : made_) {
    try {
      remove_one(directory, made_);
    } catch (Error const& error) {
      log::warning(error.what());
    }
  }
}

std::vector<std::string> missing_cgroups(plan::Cgroup const& cgroup) {
  std::vector<std::string> paths;
  for (auto const& directory : cgroup.directories)
    if (is_missing(directory)) paths.push_back(directory.full());
  return paths;
}

void remove_cgroups(std::vector<std::string> const& directories) {
  Doing const doing{"cgroup"};
  for (auto const& directory : directories) remove_one(directory, directories);
}

}  // namespace orlop::launch
