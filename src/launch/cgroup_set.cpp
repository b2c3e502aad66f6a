#include "orlop/launch/cgroup_set.hpp"

#include "standstill.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/launch/status.hpp"
#include "orlop/launch/systemd.hpp"

#include <algorithm>

namespace orlop::launch {

namespace {

constexpr int patience_ms = 5000, round_ms = 500;
constexpr int rollback_patience_ms = 10'000;

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

// `all` are the container's. True if there was somebody to kill.
bool kill_in(std::string const& directory, std::vector<std::string> const& all) {
  if (kernel::cgroup_tree_processes(directory).empty()) return false;
  if (kernel::try_kill_at_once(directory)) return true;
  {
    Standstill const standstill{all};
    kernel::kill_cgroup(directory);
  }
  thaw_after_kill(all);
  return true;
}

void kill_all(std::vector<std::string> const& directories) {
  for (auto const& directory : directories) kill_in(directory, directories);
}

// systemd takes a unit away by itself when its last process has ended: with its cgroup it is gone, and need not be asked
// for. One that has failed stays only if an annotation says so. If systemd cannot be reached, the cgroup is removed
// anyway, which ends the unit.
void stop_unit_of(container::Record const& record) {
  Doing const doing{record.unit};
  kill_all(record.cgroups);
  bool const collects_itself = std::none_of(record.annotations.begin(), record.annotations.end(), [](auto const& one) {
    return one.first == "org.systemd.property.CollectMode";
  });
  auto const is_gone = [](auto const& directory) { return access(directory.c_str(), F_OK) < 0; };
  if (collects_itself && std::all_of(record.cgroups.begin(), record.cgroups.end(), is_gone)) return;
  try {
    auto systemd = connect_to_systemd(record.unit_is_users, -1);
    kernel::stop_unit(systemd, record.unit);
  } catch (Error const& error) {
    log::warning(concat({"the systemd unit could not be stopped: ", error.what()}));
  }
}

// More than once: who could not be frozen may have forked while the others were killed.
void remove_one(std::string const& directory, std::vector<std::string> const& all) {
  if (kernel::try_remove_cgroup(directory, 0)) return;
  for (int left = patience_ms; left > 0; left -= round_ms) {
    bool const killed = kill_in(directory, all);
    if (kernel::try_remove_cgroup(directory, killed ? round_ms : left)) return;
    if (!killed) break;
  }
  throw Error::refusal(concat({"cgroup ", directory, " is still in use by ", processes_text(directory)}));
}

void move_into(kernel::CgroupDirectory const& directory, pid_t process) {
  file::write_existing(directory.full() + "/cgroup.procs", std::to_string(process));
}

}  // namespace

Fd CgroupSet::make_birthplace() {
  Doing const doing{"cgroup"};
  auto const* const born = cgroup_.born_in();
  if (!born) return {};
  make_tree(*born);
  return kernel::open_cgroup(*born);
}

void CgroupSet::make_tree(kernel::CgroupDirectory const& tree) {
  bool const is_new = make(tree);
  // Where v2 is all there is, its controllers count what the statistics show, limit or not.
  kernel::enable_controllers(tree.hierarchy.mount, tree.path, cgroup_.controllers, cgroup_.is_only_tree());
  if (is_new && cgroup_.owner && cgroup_.payload.empty()) kernel::delegate_cgroup(tree.full(), *cgroup_.owner);
}

// All of the directories are the unit's, and so ours: those that systemd does not make, too.
void CgroupSet::make_unit(pid_t process, int interruption) {
  auto const& unit = *cgroup_.unit;
  Doing const doing{unit.name};
  systemd_.emplace(connect_to_systemd(unit.is_users, interruption));
  std::vector<kernel::UnitProperty> properties = unit.own;
  for (auto const* const list : {&unit.devices, &unit.limits}) properties.insert(properties.end(), list->begin(), list->end());
  properties.push_back({"PIDs", {"au", {std::to_string(process)}}});
  unit_is_ours_ = true;
  made_ = missing_cgroups(cgroup_);
  if (!kernel::try_start_scope(*systemd_, unit.name, std::move(properties))) {
    unit_is_ours_ = false;
    made_.clear();
    throw Error::refusal("a systemd unit of this name exists already");
  }
  check_place(process);
}

// What systemd has said it would do, seen in what the kernel says: the plan knows the manager's own place by its name.
void CgroupSet::check_place(pid_t process) const {
  bool const has_v2 = cgroup_.is_only_tree();
  std::string const place = kernel::cgroup_of(std::to_string(process), has_v2 ? "" : "name=systemd");
  if (place != cgroup_.unit->path)
    throw Error::refusal(concat({"systemd has put the container's init into the cgroup ", place, ", and not into ", cgroup_.unit->path}));
}

// The v2 directory, and the process in it: systemd puts it into the unit's own, and only where v2 is the only hierarchy.
void CgroupSet::take_over_tree(pid_t process) {
  auto const* const tree = cgroup_.tree();
  if (!tree) return;
  bool const has_subgroup = !cgroup_.unit->subgroup.empty();
  if (has_subgroup || !cgroup_.is_only_tree()) {
    kernel::make_cgroup(*tree);
    move_into(*tree, process);
  }
  kernel::enable_controllers(tree->hierarchy.mount, tree->path, cgroup_.controllers, has_subgroup && cgroup_.is_only_tree());
  if (cgroup_.owner && cgroup_.payload.empty()) kernel::delegate_cgroup(tree->full(), *cgroup_.owner);
}

void CgroupSet::make_rest(pid_t process, int interruption) {
  Doing const doing{"cgroup"};
  if (cgroup_.unit) {
    make_unit(process, interruption);
    take_over_tree(process);
  } else if (auto const* const tree = cgroup_.tree(); tree && cgroup_.is_entered_late) {
    make_tree(*tree);
    move_into(*tree, process);
  }
  for (auto const& directory : cgroup_.directories)
    if (!directory.hierarchy.is_v2) make(directory);
}

// What we have made is ours to take away, even if an error came right behind it; what was there before never is.
bool CgroupSet::make(kernel::CgroupDirectory const& directory) {
  bool is_new = false;
  try {
    kernel::make_cgroup(directory, is_new);
  } catch (Error const&) {
    if (is_new) made_.push_back(directory.full());
    throw;
  }
  if (is_new) made_.push_back(directory.full());
  return is_new;
}

// Devices: by the v1 controller where there is one, by the v2 tree where it is the only hierarchy.
void CgroupSet::set() {
  Doing const doing{"cgroup"};
  for (auto const& directory : cgroup_.directories) {
    if (!cgroup_.filters_devices) break;
    if (directory.hierarchy.has("devices")) kernel::filter_devices_v1(directory.full(), cgroup_.devices);
    if (cgroup_.is_only_tree()) kernel::filter_devices_v2(directory.full(), cgroup_.devices);
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
  if (cgroup_.unit && !cgroup_.unit->last_limits.empty())
    kernel::set_unit_properties(*systemd_, cgroup_.unit->name, cgroup_.unit->last_limits);
  kernel::write_settings(settings_of(cgroup_, true));
}

// Controllers can be switched on for those below a cgroup only while no process is in it.
void CgroupSet::enter_payload(pid_t process, std::optional<uid_t> owner) {
  Doing const doing{"cgroup"};
  kernel::CgroupDirectory const payload{cgroup_.tree()->hierarchy, concat({cgroup_.tree()->path, "/", cgroup_.payload})};
  make(payload);
  move_into(payload, process);
  kernel::enable_controllers(payload.hierarchy.mount, payload.path, {}, true);
  if (owner) kernel::delegate_cgroup(payload.full(), *owner);
}

void CgroupSet::give_to(uid_t owner) {
  Doing const doing{"cgroup"};
  for (auto const& directory : made_) kernel::delegate_cgroup(directory, owner);
}

CgroupSet::~CgroupSet() {
  if (owner_ != getpid()) return;
  if (unit_is_ours_) {
    try {
      kill_all(made_);
      systemd_->go_on_when_interrupted();
      systemd_->wait_at_most(rollback_patience_ms);
      kernel::stop_unit(*systemd_, cgroup_.unit->name);
    } catch (Error const& error) {
      log::warning(error.what());
    }
  }
  for (auto const& directory : made_) {
    try {
      remove_one(directory, made_);
    } catch (Error const& error) {
      log::warning(error.what());
    }
  }
}

// Of a unit all are, down to the subgroup: it is a new one, or it is not made at all.
std::vector<std::string> missing_cgroups(plan::Cgroup const& cgroup) {
  std::vector<std::string> paths;
  if (cgroup.unit) {
    for (auto const& directory : cgroup.directories) paths.push_back(directory.full());
    if (!cgroup.unit->subgroup.empty())
      for (auto const& directory : cgroup.directories) paths.push_back(directory.hierarchy.mount + cgroup.unit->path);
    return paths;
  }
  for (auto const& directory : cgroup.directories)
    if (is_missing(directory)) paths.push_back(directory.full());
  // In a container's cgroup that was there before, it is ours all the same.
  if (!cgroup.payload.empty() && paths.empty()) {
    kernel::CgroupDirectory const payload{cgroup.tree()->hierarchy, concat({cgroup.tree()->path, "/", cgroup.payload})};
    if (is_missing(payload)) paths.push_back(payload.full());
  }
  return paths;
}

void remove_cgroups(container::Record const& record) {
  Doing const doing{"cgroup"};
  if (!record.unit.empty()) stop_unit_of(record);
  for (auto const& directory : record.cgroups) remove_one(directory, record.cgroups);
}

}  // namespace orlop::launch
