// linux.resources as files of cgroups, v1 and v2. A 0 that can be no limit is an old spelling of "not set", as engines
// write it and every runtime takes it: of memory's limits, of shares, quota, period and weights, not of pids.
#include "setting_list.hpp"

#include "orlop/base/text.hpp"
#include "orlop/plan/conversion.hpp"

#include <algorithm>
#include <limits>

namespace orlop::plan {

namespace {

std::string member(std::string_view name) { return concat({"linux.resources.", name}); }

template <class Number>
bool is_set(std::optional<Number> const& number) {
  return number && *number != 0;
}

// -1 is "no limit".
std::string limit_text(std::int64_t limit, bool is_v2) {
  if (limit >= 0) return std::to_string(limit);
  return is_v2 ? "max" : "-1";
}

void check_limit(std::optional<std::int64_t> limit, std::string const& where) {
  if (limit && *limit < -1) throw Refusal{where, concat({*limit, " is no limit (-1: none)"})};
}

// ---- memory ----
// Below this a limit could hit what init itself needs until it executes the program: it is written last, which costs a
// question of init (70 µs).
constexpr std::int64_t roomy = 64 << 20;

bool is_tight(std::int64_t limit) { return limit >= 0 && limit < roomy; }

void check_memory(oci::LinuxMemory const& wanted) {
  std::int64_t const limit = wanted.limit.value_or(0), swap = wanted.swap.value_or(0);
  check_limit(wanted.limit, member("memory.limit"));
  check_limit(wanted.reservation, member("memory.reservation"));
  check_limit(wanted.swap, member("memory.swap"));
  if (swap <= 0) return;
  if (limit <= 0) throw Refusal{member("memory.swap"), "is the limit of memory and swap together: it needs one of memory"};
  if (swap < limit)
    throw Refusal{member("memory.swap"), concat({swap, " is below the limit of memory, ", limit, ", which it includes"})};
}

// Not inlined: g++ 12 with -O2 would take the swappiness for uninitialized there.
[[gnu::noinline]] void plan_memory_v1(oci::LinuxMemory const& wanted, ControllerPlace const& place, SettingList& list) {
  if (wanted.use_hierarchy) list.add(place, "memory.use_hierarchy", *wanted.use_hierarchy ? "1" : "0");
  if (is_set(wanted.reservation))
    list.add(place, "memory.soft_limit_in_bytes", limit_text(*wanted.reservation, false));
  if (wanted.swappiness) {
    if (*wanted.swappiness > 100)
      throw Refusal{member("memory.swappiness"), concat({*wanted.swappiness, " is not between 0 and 100"})};
    list.add(place, "memory.swappiness", std::to_string(*wanted.swappiness));
  }
  if (wanted.disable_oom_killer && *wanted.disable_oom_killer) list.add(place, "memory.oom_control", "1");
  if (is_set(wanted.kernel_tcp))
    list.add(place, "memory.kmem.tcp.limit_in_bytes", limit_text(*wanted.kernel_tcp, false));
  bool const tight = wanted.limit && *wanted.limit && is_tight(*wanted.limit);
  if (is_set(wanted.limit))
    list.add(place, "memory.limit_in_bytes", limit_text(*wanted.limit, false)).is_last = tight;
  if (is_set(wanted.swap)) {
    auto& setting = list.add(place, "memory.memsw.limit_in_bytes", limit_text(*wanted.swap, false));
    setting.is_last = tight;  // never below the other
    setting.may_be_missing = *wanted.swap < 0;
  }
}

void refuse_v1_only(oci::LinuxMemory const& wanted) {
  constexpr char why[] = "cannot be had with cgroup v2";
  if (wanted.swappiness) throw Refusal{member("memory.swappiness"), why};
  if (wanted.disable_oom_killer && *wanted.disable_oom_killer) throw Refusal{member("memory.disableOOMKiller"), why};
  if (wanted.use_hierarchy && !*wanted.use_hierarchy)
    throw Refusal{member("memory.useHierarchy"), "cannot be false with cgroup v2"};
}

void plan_memory_v2(oci::LinuxMemory const& wanted, ControllerPlace const& place, SettingList& list) {
  refuse_v1_only(wanted);
  if (is_set(wanted.reservation)) list.add(place, "memory.low", limit_text(*wanted.reservation, true));
  if (is_set(wanted.limit)) {
    auto& setting = list.add(place, "memory.max", limit_text(*wanted.limit, true));
    setting.is_last = is_tight(*wanted.limit);
    if (wanted.check_before_update && *wanted.check_before_update) setting.usage_file = "memory.current";
  }
  if (is_set(wanted.swap)) {
    std::int64_t const alone = *wanted.swap < 0 ? -1 : swap_alone(*wanted.swap, *wanted.limit);
    // Without swap there is nothing that "none" and "any" could be told apart by.
    list.add(place, "memory.swap.max", limit_text(alone, true)).may_be_missing = alone <= 0;
  }
}

void plan_memory(oci::LinuxMemory wanted, SettingList& list, Plan& plan) {
  // An old spelling of "not set", made of -1.
  if (wanted.swappiness == std::numeric_limits<std::uint64_t>::max()) wanted.swappiness.reset();
  if (is_set(wanted.kernel))
    plan.warnings.push_back(member("memory.kernel") + ": left out: no kernel since 5.4 has a good use for it");
  wanted.kernel.reset();
  if (wanted == oci::LinuxMemory{}) return;
  check_memory(wanted);
  auto const place = list.find("memory", member("memory"));
  if (place.is_v2 && is_set(wanted.kernel_tcp))
    plan.warnings.push_back(member("memory.kernelTCP") + ": left out: cgroup v2 counts it with all other memory");
  place.is_v2 ? plan_memory_v2(wanted, place, list) : plan_memory_v1(wanted, place, list);
}

// ---- cpu ----
bool needs_cpu_controller(oci::LinuxCpu const& wanted) {
  return is_set(wanted.shares) || is_set(wanted.quota) || is_set(wanted.period) || wanted.burst || wanted.idle ||
         is_set(wanted.realtime_runtime) || is_set(wanted.realtime_period);
}

void plan_weight(oci::LinuxCpu const& wanted, ControllerPlace const& place, SettingList& list, Plan& plan) {
  if (wanted.idle) {
    if (*wanted.idle != 0 && *wanted.idle != 1)
      throw Refusal{member("cpu.idle"), concat({*wanted.idle, " is neither 0 nor 1"})};
    list.add(place, "cpu.idle", std::to_string(*wanted.idle));
  }
  if (!is_set(wanted.shares)) return;
  if (wanted.idle && *wanted.idle == 1) {
    plan.warnings.push_back(member("cpu.shares") + ": left out: an idle cgroup has the least weight there is");
  } else if (place.is_v2) {
    list.add(place, "cpu.weight", std::to_string(cpu_weight(*wanted.shares)));
  } else {
    if (*wanted.shares < 2 || *wanted.shares > 262144)
      throw Refusal{member("cpu.shares"), concat({*wanted.shares, " is not between 2 and 262144"})};
    list.add(place, "cpu.shares", std::to_string(*wanted.shares));
  }
}

void plan_realtime(oci::LinuxCpu const& wanted, ControllerPlace const& place, SettingList& list) {
  bool const has_period = is_set(wanted.realtime_period), has_runtime = is_set(wanted.realtime_runtime);
  if (place.is_v2 && (has_period || has_runtime))
    throw Refusal{member(has_period ? "cpu.realtimePeriod" : "cpu.realtimeRuntime"), "cannot be had with cgroup v2"};
  if (has_period) list.add(place, "cpu.rt_period_us", std::to_string(*wanted.realtime_period));
  if (has_runtime) list.add(place, "cpu.rt_runtime_us", std::to_string(*wanted.realtime_runtime));
}

void plan_bandwidth(oci::LinuxCpu const& wanted, ControllerPlace const& place, SettingList& list) {
  bool const has_quota = is_set(wanted.quota), has_period = is_set(wanted.period);
  if (place.is_v2) {
    std::string const quota = has_quota ? limit_text(*wanted.quota, true) : "max";
    std::string const period = has_period ? concat({" ", *wanted.period}) : "";
    if (has_quota || has_period) list.add(place, "cpu.max", quota + period);
  } else {
    if (has_period) list.add(place, "cpu.cfs_period_us", std::to_string(*wanted.period));
    if (has_quota) list.add(place, "cpu.cfs_quota_us", limit_text(*wanted.quota, false));
  }
  if (wanted.burst) list.add(place, place.is_v2 ? "cpu.max.burst" : "cpu.cfs_burst_us", std::to_string(*wanted.burst));
}

void plan_cpu(oci::LinuxCpu const& wanted, SettingList& list, Plan& plan) {
  if (needs_cpu_controller(wanted)) {
    auto const place = list.find("cpu", member("cpu"));
    plan_weight(wanted, place, list, plan);
    plan_realtime(wanted, place, list);
    plan_bandwidth(wanted, place, list);
  }
  if (!wanted.cpus.empty()) list.add(list.find("cpuset", member("cpu.cpus")), "cpuset.cpus", wanted.cpus);
  if (!wanted.mems.empty()) list.add(list.find("cpuset", member("cpu.mems")), "cpuset.mems", wanted.mems);
}

// ---- the others ----
// A limit of 0 is one, -1 is none.
void plan_pids(oci::LinuxPids const& wanted, SettingList& list) {
  if (!wanted.limit) return;
  std::string const where = member("pids.limit");
  check_limit(wanted.limit, where);
  list.add(list.find("pids", where), "pids.max", *wanted.limit < 0 ? "max" : std::to_string(*wanted.limit));
}

// A word of the config that becomes part of a file's name or of its line.
void check_word(std::string const& word, std::string const& where) {
  auto const is_wrong = [](char c) { return (c >= '\0' && c <= ' ') || c == '/' || c == '\x7f'; };
  if (std::any_of(word.begin(), word.end(), is_wrong))
    throw Refusal{where, concat({json_quoted(word), " is no name"})};
  if (word.empty()) throw Refusal{where, "is empty"};
}

// Where the kernel can count reservations of huge pages, they have the limit too: a fault past it is a SIGBUS, a
// reservation past it is an error that the program sees.
void plan_huge_pages(std::vector<oci::LinuxHugepageLimit> const& wanted, SettingList& list) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::string const where = at("linux.resources.hugepageLimits", i);
    check_word(wanted[i].page_size, where + ".pageSize");
    auto const place = list.find("hugetlb", where);
    std::string const end = place.is_v2 ? "max" : "limit_in_bytes", limit = std::to_string(wanted[i].limit);
    list.add(place, concat({"hugetlb.", wanted[i].page_size, ".", end}), limit);
    list.add(place, concat({"hugetlb.", wanted[i].page_size, ".rsvd.", end}), limit).may_be_missing = true;
  }
}

void plan_network(oci::LinuxNetwork const& wanted, SettingList& list) {
  if (std::string const where = member("network.classID"); is_set(wanted.class_id))
    list.add(list.find("net_cls", where), "net_cls.classid", std::to_string(*wanted.class_id));
  for (std::size_t i = 0; i < wanted.priorities.size(); ++i) {
    auto const& [name, priority] = wanted.priorities[i];
    std::string const where = at("linux.resources.network.priorities", i);
    check_word(name, where + ".name");
    auto& setting = list.add(list.find("net_prio", where), "net_prio.ifpriomap", concat({name, " ", priority}));
    setting.key = name;
    setting.without = name + " 0";
  }
}

void plan_rdma(oci::Map<oci::LinuxRdma> const& wanted, SettingList& list) {
  for (auto const& [device, limits] : wanted) {
    std::string const where = member("rdma." + device);
    check_word(device, where);
    if (!limits.hca_handles && !limits.hca_objects) throw Refusal{where, "has neither hcaHandles nor hcaObjects"};
    std::string line = device;
    if (limits.hca_handles) line += concat({" hca_handle=", *limits.hca_handles});
    if (limits.hca_objects) line += concat({" hca_object=", *limits.hca_objects});
    auto& setting = list.add(list.find("rdma", where), "rdma.max", line);
    setting.key = device;
    setting.without = device + " hca_handle=max hca_object=max";
  }
}

// What is written to these is no value that stands, but something that is done to processes, and to those of others, too: with
// cgroup.procs any process of the host would become one of the container's, and end with it.
constexpr std::string_view commands[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze"};

void check_unified_file(std::string const& file, std::string const& where) {
  auto const dot = file.find('.');
  if (file.find('/') != std::string::npos || dot == 0 || dot == std::string::npos)
    throw Refusal{where, concat({json_quoted(file), " is no name of a cgroup v2 file (\"memory.high\")"})};
  if (std::find(std::begin(commands), std::end(commands), file) != std::end(commands))
    throw Refusal{where, concat({json_quoted(file), " is no setting: it moves, stops or kills processes"})};
}

// Files of the v2 tree by name, whatever they are; those of a device take a line at a time.
void plan_unified(oci::StringMap const& wanted, SettingList& list) {
  for (auto const& [file, value] : wanted) {
    std::string const where = "linux.resources.unified";
    check_unified_file(file, where);
    auto const place = list.unified(file.substr(0, file.find('.')), where);
    for (auto const line : split(value, '\n')) {
      auto& setting = list.add(place, file, std::string{line});
      auto const first = line.substr(0, line.find(' '));
      if (first.find(':') != std::string_view::npos) setting.key = first;
      if (auto const limit = whole_number(trimmed(line)); file == "memory.max" && limit)
        setting.is_last = *limit < static_cast<std::uint64_t>(roomy);
    }
  }
}

}  // namespace

void plan_resources(oci::LinuxConfig const& config, HostFacts& host, Plan& plan) {
  if (!config.resources) return;
  auto const& wanted = *config.resources;
  SettingList list{host, plan.cgroup};
  if (wanted.memory) plan_memory(*wanted.memory, list, plan);
  if (wanted.cpu) plan_cpu(*wanted.cpu, list, plan);
  if (wanted.pids) plan_pids(*wanted.pids, list);
  if (wanted.block_io) plan_block_io(*wanted.block_io, list);
  plan_huge_pages(wanted.hugepage_limits, list);
  if (wanted.network) plan_network(*wanted.network, list);
  plan_rdma(wanted.rdma, list);
  plan_unified(wanted.unified, list);
  if (plan.cgroup.unit) plan_unit_limits(plan.cgroup);
}

}  // namespace orlop::plan
