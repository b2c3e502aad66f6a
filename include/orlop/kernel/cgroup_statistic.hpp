// What the controllers of a container's cgroups count, v1 and v2: cgroup-v1/*.rst, cgroup-v2.rst and psi.rst of the
// kernel's documentation. A counter that the kernel or the hierarchy does not have is 0, or an empty list. CPU times
// are nanoseconds, memory and limits bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace orlop::kernel {

constexpr std::uint64_t no_limit = UINT64_MAX;
// In the order of the kernel's file.
using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

// As the kernel writes it: "0.12".
struct Decimal {
  std::string digits = "0";
};
// Pressure stall information of a cgroup: percent of the last 10, 60, 300 s, and microseconds in all.
struct Stall {
  Decimal avg10, avg60, avg300;
  std::uint64_t total = 0;
};
struct Pressure {
  Stall some, full;
};

struct CpuTime {
  std::uint64_t total = 0, user = 0, kernel = 0;
  std::vector<std::uint64_t> of_each, user_of_each, kernel_of_each;  // processor; v1 only
};
struct CpuThrottling {
  std::uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;
};
struct CpuStatistic {
  CpuTime time;
  CpuThrottling throttling;
  std::optional<Pressure> pressure;
};

struct CpusetStatistic {
  std::vector<std::uint16_t> cpus, mems;
  // v1 only
  std::uint64_t cpu_exclusive = 0, mem_hardwall = 0, mem_exclusive = 0, memory_migrate = 0, memory_spread_page = 0;
  std::uint64_t memory_spread_slab = 0, memory_pressure = 0, sched_load_balance = 0;
  std::int64_t sched_relax_domain_level = 0;
};

struct MemoryUsage {
  std::uint64_t limit = 0, usage = 0;
  std::uint64_t peak = 0;      // v2: Linux 5.19
  std::uint64_t failures = 0;  // v1: how often the limit was hit
};
struct MemoryStatistic {
  std::uint64_t cache = 0;
  MemoryUsage memory;
  MemoryUsage with_swap;  // memory and swap together, on v2 too; the peak of their sum is not known there
  std::optional<MemoryUsage> swap;  // v2: swap alone
  MemoryUsage kernel, kernel_tcp;  // v1
  Counters raw;           // memory.stat
  Counters events;        // memory.events; on v1 the counters of memory.oom_control
  std::optional<Pressure> pressure;
};

struct PidsStatistic {
  std::uint64_t current = 0;
  std::uint64_t limit = 0;  // 0: none
  std::uint64_t peak = 0;   // v1, v2: Linux 6.1
  Counters events;          // pids.events: how often a fork failed
};

struct IoCount {
  std::uint64_t major = 0, minor = 0;
  std::string operation;  // "Read", "Write", "Total"; may be empty
  std::uint64_t value = 0;
};
struct IoStatistic {
  std::vector<IoCount> bytes, operations;
  std::vector<IoCount> queued, service_time, wait_time, merged, time, sectors;  // v1, some schedulers
  std::optional<Pressure> pressure;
};

struct HugePageStatistic {
  std::uint64_t usage = 0, peak = 0, failures = 0;
};

struct CgroupStatistic {
  CpuStatistic cpu;
  CpusetStatistic cpuset;
  MemoryStatistic memory;
  PidsStatistic pids;
  IoStatistic io;
  std::vector<std::pair<std::string, HugePageStatistic>> huge_pages;  // by size, "2MB"
};

// `directories`: the container's cgroup in each hierarchy, on the host. One that vanishes meanwhile counts as absent.
CgroupStatistic cgroup_statistic(std::span<std::string const> directories);

// The lines "key value" of a file.
Counters counters_in(std::string_view text);
// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and the same with "full".
std::optional<Pressure> pressure_in(std::string_view text);
// "0-2,7"
std::vector<std::uint16_t> numbers_in(std::string_view list);

}  // namespace orlop::kernel
