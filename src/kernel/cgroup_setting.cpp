#include "orlop/kernel/cgroup_setting.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace orlop::kernel {

namespace {

struct Hint {
  char const* file;  // the beginning of its name
  int code;
  char const* text;
};
constexpr Hint hints[] = {
    {"memory.", EBUSY, "the container uses more memory than that, and nothing of it can be given back"},
    {"memory.memsw.", EINVAL, "the limit of memory and swap is never below that of memory"},
    {"memory.limit", EINVAL, "the limit of memory is never above that of memory and swap"},
    {"memory.kmem.", EBUSY, "the limit has to be there before the first process is"},
    {"memory.swap.", ENOENT, "the kernel does not count swap: it is without swap, or was booted with swapaccount=0"},
    {"memory.memsw.", ENOENT, "the kernel does not count swap: it is without swap, or was booted with swapaccount=0"},
    {"cpu.rt_", EINVAL, "the cgroup above has no such realtime budget to give"},
    {"cpu.max.burst", EINVAL, "the burst is never above the quota"},
    {"cpu.cfs_burst", EINVAL, "the burst is never above the quota"},
    {"cpu.cfs_", EINVAL, "the kernel takes quotas and periods of 1000 µs to 1 s, within those of the cgroup above"},
    {"cpu.max", EINVAL, "the kernel takes quotas and periods of 1000 µs to 1 s"},
    {"cpuset.", EACCES, "not all of them belong to the cgroup above"},
    {"cpuset.", EINVAL, "it is no list of numbers, or the cgroup above does not have them"},
    {"cpuset.", ERANGE, "the host does not have them all"},
    {"cpuset.", ENOSPC, "a cgroup with processes has at least one cpu and one memory node"},
    {"hugetlb.", ENOENT, "the kernel has no huge pages of that size"},
    {"io.", ENODEV, "there is no such block device, or it is a partition"},
    {"blkio.", ENODEV, "there is no such block device, or it is a partition"},
    {"io.", ENOENT, "the kernel, or the scheduler of its disks, has no weights"},
    {"blkio.", ENOENT, "the kernel, or the scheduler of its disks, has no weights"},
    {"net_prio.", ENODEV, "there is no such network interface on the host"},
    {"rdma.", ENODEV, "there is no such RDMA device"},
};

std::string path_of(CgroupSetting const& setting, std::string const& file) {
  return concat({setting.directory, "/", file});
}

template <class Make>
auto said_of(CgroupSetting const& setting, Make const& make) {
  if (setting.where.empty()) return make();
  Doing const doing{setting.where};
  return make();
}

Error error_of(CgroupSetting const& setting, std::string const& file, std::string const& value, int code) {
  Error error = said_of(setting, [&] { return Error{code, call_text("write", {path_of(setting, file), value})}; });
  for (auto const& hint : hints)
    if (hint.code == code && file.starts_with(hint.file)) return std::move(error).with_hint(hint.text);
  return error;
}

// The errno of a file that is not there is ENOENT; writing gives others.
std::optional<Error> try_write(CgroupSetting const& setting) {
  int code = file::try_write_existing(path_of(setting, setting.file), setting.value);
  if (code == 0) return std::nullopt;
  if (code == ENOENT && !setting.other_file.empty()) {
    code = file::try_write_existing(path_of(setting, setting.other_file), setting.other_value);
    if (code == 0) return std::nullopt;
    if (code != ENOENT) return error_of(setting, setting.other_file, setting.other_value, code);
  }
  if (code == ENOENT && setting.may_be_missing) return std::nullopt;
  return error_of(setting, setting.file, setting.value, code);
}

// Each processor holds up to 256 KiB of a cgroup's memory in reserve, which counts as used. A limit that is refused calls
// the reserves back, but does not wait for those of other processors: they are back some microseconds later.
bool may_have_reserves(CgroupSetting const& setting, Error const& error) {
  return error.code() == EBUSY && setting.file.starts_with("memory.") && !setting.file.starts_with("memory.kmem.");
}

constexpr int first_pause_ms = 1, longest_pause_ms = 32;

void check_usage(CgroupSetting const& setting) {
  if (setting.usage_file.empty()) return;
  std::string const text = file::read(path_of(setting, setting.usage_file));
  auto const usage = whole_number(trimmed(text)), limit = whole_number(setting.value);
  if (usage && limit && *usage > *limit)
    throw said_of(setting, [&] {
      return Error::refusal(concat({path_of(setting, setting.file), ": ", setting.value, " is below the ", *usage,
                                    " bytes that the container uses, and checkBeforeUpdate is asked for"}));
    });
}

std::optional<std::string> try_read(std::string const& path) {
  Fd const fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return std::nullopt;
  try {
    return file::read(fd, path, 1024 * 1024);
  } catch (Error const&) {
    return std::nullopt;
  }
}

// The value as it can be written again.
std::string value_in(std::string const& text, CgroupSetting const& setting) {
  auto const lines = split(text, '\n');
  for (auto const line : lines)
    if (!setting.key.empty() && line.starts_with(setting.key + " ")) return std::string{line};
  if (!setting.key.empty()) return setting.without;
  // An empty list of processors is written as a line.
  if (lines.empty() || trimmed(lines[0]).empty()) return "\n";
  std::string_view line = trimmed(lines[0]);
  // "oom_kill_disable 0" is read, "0" is written.
  constexpr std::string_view prefix = "oom_kill_disable ";
  if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  return std::string{line};
}

// ---- controllers of v2 ----
bool is_listed(std::string_view list, std::string_view word) {
  auto const words = split(trimmed(list), ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

[[noreturn]] void fail_enabling(std::string const& directory, std::string const& controller, int code) {
  Error error{code, call_text("write", {directory + "/cgroup.subtree_control", "+" + controller})};
  if (code == EBUSY) throw std::move(error).with_hint("that cgroup has processes of its own, and so cannot limit others");
  throw error;
}

// Not the root of the whole tree, which may have both. Some controllers the kernel would switch on in spite of processes
// (those of threads: cpu, pids), and take no process into what is below from then on: EOPNOTSUPP.
bool has_processes_in_the_way(std::string const& directory) {
  auto const type = try_read(directory + "/cgroup.type");
  return type && trimmed(*type) == "domain" && !trimmed(try_read(directory + "/cgroup.procs").value_or("")).empty();
}

void enable_below(std::string const& directory, std::vector<std::string> const& needed, bool all) {
  std::string const control = directory + "/cgroup.subtree_control";
  std::string const enabled = file::read(control);
  std::vector<std::string> missing, optional;
  for (auto const& controller : needed)
    if (!is_listed(enabled, controller)) missing.push_back(controller);
  if (all) {
    std::string const present = file::read(directory + "/cgroup.controllers");
    for (auto const controller : split(trimmed(present), ' '))
      if (!is_listed(enabled, controller) && std::find(needed.begin(), needed.end(), controller) == needed.end())
        optional.emplace_back(controller);
  }
  std::string together;
  for (auto const* list : {&missing, &optional})
    for (auto const& controller : *list) together += concat({together.empty() ? "+" : " +", controller});
  if (together.empty()) return;
  bool const is_barred = has_processes_in_the_way(directory);
  if (is_barred && !missing.empty()) fail_enabling(directory, missing.front(), EBUSY);
  if (is_barred || file::try_write_existing(control, together) == 0) return;
  for (auto const& controller : missing)
    if (int const code = file::try_write_existing(control, "+" + controller)) fail_enabling(directory, controller, code);
  for (auto const& controller : optional) file::try_write_existing(control, "+" + controller);
}

}  // namespace

void write_settings(std::vector<CgroupSetting> const& settings) {
  std::vector<CgroupSetting const*> waiting, refused;
  for (auto const& setting : settings) waiting.push_back(&setting);
  int pause = first_pause_ms;
  while (!waiting.empty()) {
    std::optional<Error> first;
    bool is_worth_a_pause = false;
    for (auto const* setting : waiting) {
      check_usage(*setting);
      auto error = try_write(*setting);
      if (!error) continue;
      if (error->code() != EINVAL && error->code() != EBUSY) throw *error;
      refused.push_back(setting);
      is_worth_a_pause |= may_have_reserves(*setting, *error);
      if (!first) first = std::move(error);
    }
    if (refused.size() == waiting.size()) {
      if (!is_worth_a_pause || pause > longest_pause_ms) throw *first;
      pause_ms(std::exchange(pause, 2 * pause));
    }
    waiting = std::exchange(refused, {});
  }
}

std::optional<Error> try_restore_settings(std::vector<CgroupSetting> settings) {
  for (;;) {
    std::optional<Error> first;
    std::vector<CgroupSetting> refused;
    for (auto& setting : settings) {
      auto error = try_write(setting);
      if (!error) continue;
      refused.push_back(std::move(setting));
      if (!first) first = std::move(error);
    }
    if (!first || refused.size() == settings.size()) return first;
    settings = std::move(refused);
  }
}

std::optional<CgroupSetting> current_setting(CgroupSetting const& setting) {
  CgroupSetting now = setting;
  now.other_file = now.other_value = now.usage_file = "";
  auto text = try_read(path_of(setting, setting.file));
  if (!text && !setting.other_file.empty()) {
    now.file = setting.other_file;
    text = try_read(path_of(setting, setting.other_file));
  }
  if (!text) return std::nullopt;
  now.value = value_in(*text, setting);
  if (now.value.empty()) return std::nullopt;
  return now;
}

std::uint64_t oom_kills(std::string const& directory) {
  auto text = try_read(directory + "/memory.events");
  if (!text) text = try_read(directory + "/memory.oom_control");
  constexpr std::string_view key = "oom_kill ";
  if (text)
    for (auto const line : split(*text, '\n'))
      if (line.starts_with(key)) return whole_number(line.substr(key.size())).value_or(0);
  return 0;
}

void enable_controllers(std::string const& mount, std::string const& path, std::vector<std::string> const& needed,
                        bool all) {
  if (needed.empty() && !all) return;
  for (std::size_t slash = 0; slash != std::string::npos; slash = path.find('/', slash + 1))
    enable_below(mount + path.substr(0, slash), needed, all);
}

}  // namespace orlop::kernel
