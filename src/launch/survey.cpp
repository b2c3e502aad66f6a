#include "orlop/launch/survey.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/kernel/label.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/rdt.hpp"
#include "orlop/kernel/seccomp.hpp"
#include "orlop/kernel/user_namespace.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

constexpr char base[] = "/sys/fs/cgroup";

// 0: nothing is there, or nothing for us.
long file_system_at(std::string const& path) {
  struct statfs status;
  if (statfs(path.c_str(), &status) == 0) return static_cast<long>(status.f_type);
  if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) fail("statfs", {path});
  return 0;
}

// One line of /proc/self/cgroup: "3:cpu,cpuacct:/", "1:name=systemd:/", "0::/".
// Hierarchies are mounted where every distribution has them, in a directory named after their controllers: this spares
// reading mountinfo, which grows with the host's containers. A hierarchy that is not mounted is not ours to use.
std::optional<kernel::CgroupHierarchy> hierarchy_of(std::string_view line) {
  auto const parts = split(line, ':');
  if (parts.size() < 2) return std::nullopt;
  kernel::CgroupHierarchy hierarchy;
  if (parts[1].empty()) {
    hierarchy.is_v2 = true;
    hierarchy.name = "unified";
  } else {
    for (auto const controller : split(parts[1], ',')) hierarchy.controllers.emplace_back(controller);
    constexpr std::string_view named = "name=";
    hierarchy.name = parts[1].starts_with(named) ? parts[1].substr(named.size()) : parts[1];
  }
  hierarchy.mount = concat({base, "/", hierarchy.name});
  long const expected = hierarchy.is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  if (file_system_at(hierarchy.mount) != expected) return std::nullopt;
  return hierarchy;
}

std::vector<kernel::CgroupHierarchy> find_hierarchies() {
  std::vector<kernel::CgroupHierarchy> found;
  if (file_system_at(base) == CGROUP2_SUPER_MAGIC) {
    found.push_back({base, "", {}, true});
    return found;
  }
  std::string const text = file::read("/proc/self/cgroup");
  for (auto const line : split(text, '\n'))
    if (auto hierarchy = hierarchy_of(line)) found.push_back(std::move(*hierarchy));
  return found;
}

// "/user.slice/a" of "0::/user.slice/a".
std::string own_v2_path() { return kernel::cgroup_of("self", {}); }

bool is_at_or_below(std::string const& path, std::string const& above) {
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '/');
}

std::string parent_of(std::string const& path) { return path.substr(0, path.rfind('/')); }

// For us as we act, not as we were called. 0, or why not.
int obstacle_to_writing(std::string const& path) { return faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) < 0 ? errno : 0; }

// The user's manager is a service of the system's. We are below it, or come from a session beside it.
std::string cgroup_of_user_manager(std::string const& own) {
  if (auto const at = own.find("/user@"); at != std::string::npos) {
    auto const end = own.find(".service", at);
    if (end != std::string::npos) return own.substr(0, end + sizeof ".service" - 1);
  }
  auto const uid = kernel::id_outside(kernel::id_maps_of(getpid()).uids, geteuid()).value_or(geteuid());
  return concat({"/user.slice/user-", uid, ".slice/user@", uid, ".service"});
}

std::string no_right(std::string const& path, int code) {
  return concat({path, code == EROFS ? " is on a read-only mount" : " cannot be written by this user"});
}

// A process moves within the v2 tree by the right to the cgroup.procs above both ends: cgroups(7), "delegation".
std::string obstacle_to_moving(kernel::CgroupDirectory const& cgroup) {
  std::string common = own_v2_path();
  while (common.size() > 1 && !is_at_or_below(cgroup.path, common)) common = parent_of(common);
  std::string const procs = concat({cgroup.hierarchy.mount, common == "/" ? "" : common, "/cgroup.procs"});
  int const code = obstacle_to_writing(procs);
  return code ? no_right(procs, code) : std::string{};
}

}  // namespace

// Its nearest ancestor that is there has to take a new directory, or it has to take processes itself.
std::string Survey::obstacle_to_cgroup(kernel::CgroupDirectory const& cgroup) {
  std::string const full = cgroup.full();
  std::string there = full;
  while (there.size() > cgroup.hierarchy.mount.size() && access(there.c_str(), F_OK) < 0) there = parent_of(there);
  std::string const written = there == full ? there + "/cgroup.procs" : there;
  if (int const code = obstacle_to_writing(written)) return no_right(written, code);
  return cgroup.hierarchy.is_v2 ? obstacle_to_moving(cgroup) : std::string{};
}

std::string Survey::own_cgroup(kernel::CgroupHierarchy const& hierarchy) {
  std::string path = kernel::cgroup_of("self", hierarchy.is_v2 ? std::string_view{} : hierarchy.controllers.front());
  return path.starts_with("/..") ? "/" : path;
}

std::vector<kernel::CgroupHierarchy> const& Survey::cgroup_hierarchies() {
  if (!hierarchies_) hierarchies_ = find_hierarchies();
  return *hierarchies_;
}

std::vector<std::string> const& Survey::unified_controllers() {
  if (unified_) return *unified_;
  unified_.emplace();
  for (auto const& hierarchy : cgroup_hierarchies()) {
    if (!hierarchy.is_v2) continue;
    std::string const text = file::read(hierarchy.mount + "/cgroup.controllers");
    for (auto const controller : split(trimmed(text), ' ')) unified_->emplace_back(controller);
  }
  return *unified_;
}

// By what everybody can read: a manager that is asked costs a connection, and the unit's cgroup is looked at later anyway.
std::optional<std::string> const& Survey::manager_cgroup(bool of_user) {
  if (access("/run/systemd/system", F_OK) < 0) return manager_;
  constexpr std::string_view named = "name=systemd";
  std::string const controller = file_system_at(base) == CGROUP2_SUPER_MAGIC ? "" : std::string{named};
  if (of_user) {
    manager_ = cgroup_of_user_manager(kernel::cgroup_of("self", controller));
    return manager_;
  }
  std::string own = kernel::cgroup_of("1", controller);
  constexpr std::string_view scope = "/init.scope";
  if (own.ends_with(scope)) own.resize(own.size() - scope.size());
  manager_ = own == "/" ? "" : own;
  return manager_;
}

kernel::Grantable Survey::grantable_capabilities(kernel::CapabilitySet bounding) {
  return kernel::grantable_capabilities(bounding);
}

bool Survey::has_apparmor() { return kernel::has_apparmor(); }
bool Survey::has_selinux() { return kernel::has_selinux(); }

std::string Survey::resctrl_mount() {
  constexpr std::size_t most = 16 * 1024 * 1024;  // a line for each mount of the host
  return kernel::resctrl_mount(file::read("/proc/self/mountinfo", most));
}

namespace {

std::string text_of(char const* path) {
  try {
    return file::read(path, 1024 * 1024);
  } catch (Error const&) {  // absent, as a rule
    return {};
  }
}

// Never getpwuid: a static program has no name services.
std::string name_of(uid_t uid) {
  std::string const text = text_of("/etc/passwd");
  for (auto const line : split(text, '\n')) {
    auto const fields = split(line, ':');
    if (fields.size() >= 3 && whole_number(fields[2]) == uid) return std::string{fields[0]};
  }
  return {};
}

}  // namespace

std::optional<kernel::IdSpan> Survey::subordinate_ids(bool of_groups) {
  std::string const name = name_of(geteuid()), number = std::to_string(geteuid());
  std::string const text = text_of(of_groups ? "/etc/subgid" : "/etc/subuid");
  for (auto const line : split(text, '\n')) {
    auto const fields = split(line, ':');
    if (fields.size() != 3 || fields[0].empty() || (fields[0] != name && fields[0] != number)) continue;
    auto const first = whole_number(fields[1]), count = whole_number(fields[2]);
    if (first && count && *count > 0 && *first + *count < UINT32_MAX)
      return kernel::IdSpan{0, static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*count)};
  }
  return std::nullopt;
}

bool Survey::knows_filter_flags(unsigned flags) { return kernel::knows_filter_flags(flags); }

// A file that is not there is nobody's: opening it says so later, better than we could.
bool Survey::is_own_namespace(std::uint64_t kind, std::string const& path) {
  struct stat asked, own;
  if (stat(path.c_str(), &asked) < 0) return false;
  std::string const self = concat({"/proc/self/ns/", kernel::namespace_file(kind)});
  check(stat(self.c_str(), &own), "stat", {self});
  return asked.st_dev == own.st_dev && asked.st_ino == own.st_ino;
}

}  // namespace orlop::launch
