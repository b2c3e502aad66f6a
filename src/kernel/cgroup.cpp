#include "orlop/kernel/cgroup.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

// A v1 cpuset is born empty and takes nobody until it has cpus and memory nodes (unless clone_children is set above).
// What another runtime is making at this moment may be empty still, too: whoever comes first fills it, from the top.
// One that we have just made need not be asked.
std::string filled(std::string const& mount, std::string const& directory, char const* name, bool is_new = false) {
  std::string value;
  if (!is_new) value = trimmed(file::read(directory + name));
  if (!value.empty() || directory.size() <= mount.size()) return value;
  value = filled(mount, directory.substr(0, directory.rfind('/')), name);
  file::write_existing(directory + name, value);
  return value;
}

[[noreturn]] void fail_making(int code, std::string const& directory) {
  Error error{code, call_text("mkdir", {directory})};
  // EAGAIN: cgroup.max.descendants or cgroup.max.depth; ENOSPC: no more ids for memory cgroups.
  if (code != ENOSPC && code != EAGAIN) throw error;
  throw std::move(error).with_hint(
      "the kernel takes no more cgroups: see cgroup.max.descendants and removed cgroups that still hold memory");
}

// False: the parent is missing.
bool make_one(CgroupHierarchy const& hierarchy, std::string const& directory, bool& is_new) {
  is_new = mkdir(directory.c_str(), 0755) == 0;
  if (!is_new && errno == ENOENT) return false;
  if (!is_new && errno != EEXIST) fail_making(errno, directory);
  if (hierarchy.has("cpuset"))
    for (char const* name : {"/cpuset.cpus", "/cpuset.mems"}) filled(hierarchy.mount, directory, name, is_new);
  return true;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::vector<std::string> children_of(std::string const& directory) {
  std::vector<std::string> children;
  std::unique_ptr<DIR, CloseDirectory> const open{opendir(directory.c_str())};
  if (!open) return children;
  while (dirent const* entry = readdir(open.get())) {
    std::string_view const name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") children.push_back(concat({directory, "/", name}));
  }
  return children;
}

bool has_processes(std::string const& directory) {
  if (!cgroup_processes(directory).empty()) return true;
  auto const children = children_of(directory);
  return std::any_of(children.begin(), children.end(), has_processes);
}

// 0, or the errno of the rmdir that failed: children first.
int remove_tree(std::string const& directory) {
  if (rmdir(directory.c_str()) == 0 || errno == ENOENT) return 0;
  if (errno != EBUSY && errno != ENOTEMPTY) return errno;
  for (auto const& child : children_of(directory)) remove_tree(child);
  return rmdir(directory.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

}  // namespace

void make_cgroup(CgroupDirectory const& cgroup, bool& is_new) {
  std::string const full = cgroup.full();
  // Somebody may remove an empty parent at the same moment: start again, but not for ever.
  for (int attempt = 0; attempt < 16; ++attempt) {
    if (make_one(cgroup.hierarchy, full, is_new)) return;
    for (auto slash = cgroup.path.find('/', 1); slash != std::string::npos; slash = cgroup.path.find('/', slash + 1))
      if (bool ignored; !make_one(cgroup.hierarchy, cgroup.hierarchy.mount + cgroup.path.substr(0, slash), ignored)) break;
  }
  fail(ENOENT, "mkdir", {full});
}

void make_cgroup(CgroupDirectory const& cgroup) {
  bool ignored;
  make_cgroup(cgroup, ignored);
}

void delegate_cgroup(std::string const& directory, uid_t owner) {
  std::string names = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";  // before Linux 4.15
  constexpr char list[] = "/sys/kernel/cgroup/delegate";
  if (access(list, F_OK) == 0) names = file::read(list);
  check(lchown(directory.c_str(), owner, static_cast<gid_t>(-1)), "chown", {directory, owner});
  for (auto const name : split(names, '\n')) {
    std::string const path = concat({directory, "/", name});
    if (lchown(path.c_str(), owner, static_cast<gid_t>(-1)) < 0 && errno != ENOENT) fail("chown", {path, owner});
  }
}

Fd open_cgroup(CgroupDirectory const& cgroup) { return path::open_host(cgroup.full(), O_PATH | O_DIRECTORY); }

void enter_cgroup(CgroupDirectory const& cgroup) {
  file::write_existing(cgroup.full() + (cgroup.hierarchy.is_v2 ? "/cgroup.procs" : "/tasks"), "0");
}

Fd open_tasks(std::string const& directory) {
  std::string const path = directory + "/tasks";
  Fd tasks{open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!tasks.is_open() && errno != ENOENT) fail("open", {path});
  // A directory that is not there at all is an error, not a v2 one.
  if (!tasks.is_open() && access(directory.c_str(), F_OK) < 0) fail("open", {directory});
  return tasks;
}

void enter_tasks(int tasks) { file::write(tasks, "tasks", "0"); }

std::string cgroup_of(std::string_view process, std::string_view controller) {
  std::string const text = file::read(concat({"/proc/", process, "/cgroup"}));
  for (std::string_view line : split(text, '\n')) {
    line.remove_prefix(std::min(line.find(':'), line.size() - 1) + 1);  // "4:cpu,cpuacct:/web"
    auto const end = std::min(line.find(':'), line.size());
    auto const names = split(line.substr(0, end), ',');
    bool const is_it = controller.empty() ? names.empty() : std::find(names.begin(), names.end(), controller) != names.end();
    if (is_it && end < line.size()) return std::string{line.substr(end + 1)};
  }
  return "/";
}

std::vector<pid_t> cgroup_processes(std::string const& directory) {
  std::vector<pid_t> pids;
  std::string const path = directory + "/cgroup.procs";
  Fd const fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  // ENODEV: it is being removed, here as below.
  if (!fd.is_open() && (errno == ENOENT || errno == ENODEV)) return pids;
  if (!fd.is_open()) fail("open", {path});
  try {
    std::string const text = file::read(fd, path, 16 * 1024 * 1024);
    for (auto const line : split(text, '\n'))
      if (auto const pid = whole_number(line); pid && *pid) pids.push_back(static_cast<pid_t>(*pid));
  } catch (Error const& error) {
    // EOPNOTSUPP: a threaded one, whose processes are listed in the domain above.
    if (error.code() != ENODEV && error.code() != EOPNOTSUPP) throw;
  }
  return pids;
}

std::set<pid_t> cgroup_tree_processes(std::string const& directory) {
  auto const own = cgroup_processes(directory);
  std::set<pid_t> all{own.begin(), own.end()};
  for (auto const& child : children_of(directory)) all.merge(cgroup_tree_processes(child));
  return all;
}

bool try_kill_at_once(std::string const& directory) {
  return file::try_write_existing(directory + "/cgroup.kill", "1") == 0;
}

bool kill_cgroup(std::string const& directory) {
  bool const any = has_processes(directory);
  // All below at once, whoever forks meanwhile.
  if (try_kill_at_once(directory)) return any;
  for (auto const& child : children_of(directory)) kill_cgroup(child);
  for (pid_t const pid : cgroup_processes(directory)) kill(pid, SIGKILL);
  return any;
}

bool try_remove_cgroup(std::string const& directory, int patience_ms) {
  for (int waited = 0, step = 1;; waited += step, step = std::min(step * 2, 100)) {
    int const code = remove_tree(directory);
    if (code == 0) return true;
    if (code != EBUSY && code != ENOTEMPTY) fail(code, "rmdir", {directory});
    if (waited >= patience_ms) return false;
    pause_ms(step);
  }
}

}  // namespace orlop::kernel
