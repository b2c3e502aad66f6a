#include "orlop/kernel/cgroup_statistic.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr std::uint64_t ns_per_tick = 10'000'000;  // USER_HZ is 100 on every architecture that has these files

std::optional<std::string> try_read(std::string const& path) {
  Fd const fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return std::nullopt;
  try {
    return file::read(fd, path, 1024 * 1024);
  } catch (Error const&) {  // removed between open and read; a controller that is switched off
    return std::nullopt;
  }
}

std::string text_in(std::string const& directory, std::string_view name) {
  return directory.empty() ? std::string{} : try_read(concat({directory, "/", name})).value_or("");
}

// "max" is no limit, and so is what v1 says for it: the largest whole number of pages.
std::uint64_t number_in(std::string const& directory, std::string_view name) {
  std::string const text = text_in(directory, name);
  std::string_view const word = trimmed(text);
  return word == "max" ? no_limit : whole_number(word).value_or(0);
}

std::uint64_t value_of(Counters const& counters, std::string_view key) {
  for (auto const& [name, value] : counters)
    if (name == key) return value;
  return 0;
}

std::vector<std::string_view> words_of(std::string_view line) {
  auto words = split(line, ' ');
  std::erase_if(words, [](auto const word) { return word.empty(); });
  return words;
}

class Reader {
public:
  explicit Reader(std::span<std::string const> directories)
      : directories_{directories}, unified_{find("cgroup.events")} {}

  CgroupStatistic read() {
    CgroupStatistic all;
    read_cpu(all.cpu);
    read_cpuset(all.cpuset);
    read_memory(all.memory);
    read_pids(all.pids);
    read_io(all.io);
    read_huge_pages(all.huge_pages);
    all.cpu.pressure = pressure_in(text_in(unified_, "cpu.pressure"));
    all.memory.pressure = pressure_in(text_in(unified_, "memory.pressure"));
    all.io.pressure = pressure_in(text_in(unified_, "io.pressure"));
    return all;
  }

private:
  // The hierarchy of a controller is known by its files.
  std::string find(char const* name) const {
    for (auto const& directory : directories_)
      if (access(concat({directory, "/", name}).c_str(), F_OK) == 0) return directory;
    return {};
  }

  void read_cpu(CpuStatistic& cpu) const {
    std::string const times = find("cpuacct.usage"), shares = find("cpu.shares");
    auto const counters = counters_in(text_in(shares.empty() ? unified_ : shares, "cpu.stat"));
    cpu.throttling.periods = value_of(counters, "nr_periods");
    cpu.throttling.throttled_periods = value_of(counters, "nr_throttled");
    cpu.throttling.throttled_time = value_of(counters, "throttled_time") + value_of(counters, "throttled_usec") * 1000;
    times.empty() ? read_times_v2(cpu.time) : read_times_v1(times, cpu.time);
  }

  void read_times_v1(std::string const& directory, CpuTime& time) const {
    time.total = number_in(directory, "cpuacct.usage");
    auto const ticks = counters_in(text_in(directory, "cpuacct.stat"));
    time.user = value_of(ticks, "user") * ns_per_tick;
    time.kernel = value_of(ticks, "system") * ns_per_tick;
    std::string const of_each = text_in(directory, "cpuacct.usage_percpu");
    for (auto const word : words_of(trimmed(of_each))) time.of_each.push_back(whole_number(word).value_or(0));
    std::string const table = text_in(directory, "cpuacct.usage_all");  // "cpu user system", and a line for each
    for (auto const line : split(table, '\n')) {
      auto const words = words_of(line);
      if (words.size() < 3 || !whole_number(words[0])) continue;
      time.user_of_each.push_back(whole_number(words[1]).value_or(0));
      time.kernel_of_each.push_back(whole_number(words[2]).value_or(0));
    }
  }

  // The v2 tree has these without any controller.
  void read_times_v2(CpuTime& time) const {
    auto const counters = counters_in(text_in(unified_, "cpu.stat"));
    time.total = value_of(counters, "usage_usec") * 1000;
    time.user = value_of(counters, "user_usec") * 1000;
    time.kernel = value_of(counters, "system_usec") * 1000;
  }

  void read_cpuset(CpusetStatistic& cpuset) const {
    std::string const directory = find("cpuset.cpus");
    if (directory == unified_) {
      cpuset.cpus = numbers_in(text_in(directory, "cpuset.cpus.effective"));
      cpuset.mems = numbers_in(text_in(directory, "cpuset.mems.effective"));
      return;
    }
    cpuset.cpus = numbers_in(text_in(directory, "cpuset.cpus"));
    cpuset.mems = numbers_in(text_in(directory, "cpuset.mems"));
    cpuset.cpu_exclusive = number_in(directory, "cpuset.cpu_exclusive");
    cpuset.mem_hardwall = number_in(directory, "cpuset.mem_hardwall");
    cpuset.mem_exclusive = number_in(directory, "cpuset.mem_exclusive");
    cpuset.memory_migrate = number_in(directory, "cpuset.memory_migrate");
    cpuset.memory_spread_page = number_in(directory, "cpuset.memory_spread_page");
    cpuset.memory_spread_slab = number_in(directory, "cpuset.memory_spread_slab");
    cpuset.memory_pressure = number_in(directory, "cpuset.memory_pressure");
    cpuset.sched_load_balance = number_in(directory, "cpuset.sched_load_balance");
    std::string const level = text_in(directory, "cpuset.sched_relax_domain_level");
    std::string_view const word = trimmed(level);
    cpuset.sched_relax_domain_level = word == "-1" ? -1 : static_cast<std::int64_t>(whole_number(word).value_or(0));
  }

  static MemoryUsage usage_v1(std::string const& directory, std::string const& kind) {
    MemoryUsage usage;
    usage.limit = number_in(directory, kind + ".limit_in_bytes");
    usage.usage = number_in(directory, kind + ".usage_in_bytes");
    usage.peak = number_in(directory, kind + ".max_usage_in_bytes");
    usage.failures = number_in(directory, kind + ".failcnt");
    return usage;
  }

  static MemoryUsage usage_v2(std::string const& directory, std::string const& kind) {
    return {number_in(directory, kind + ".max"), number_in(directory, kind + ".current"),
            number_in(directory, kind + ".peak"), 0};
  }

  void read_memory(MemoryStatistic& memory) const {
    std::string const v1 = find("memory.usage_in_bytes"), v2 = v1.empty() ? find("memory.current") : "";
    memory.raw = counters_in(text_in(v1.empty() ? v2 : v1, "memory.stat"));
    if (!v1.empty()) {
      memory.cache = value_of(memory.raw, "cache");
      memory.memory = usage_v1(v1, "memory");
      memory.with_swap = usage_v1(v1, "memory.memsw");
      memory.kernel = usage_v1(v1, "memory.kmem");
      memory.kernel_tcp = usage_v1(v1, "memory.kmem.tcp");
      memory.events = counters_in(text_in(v1, "memory.oom_control"));
    } else if (!v2.empty()) {
      memory.cache = value_of(memory.raw, "file");
      memory.memory = usage_v2(v2, "memory");
      memory.swap = usage_v2(v2, "memory.swap");
      memory.with_swap.usage = memory.memory.usage + memory.swap->usage;
      bool const has_limit = memory.memory.limit != no_limit && memory.swap->limit != no_limit;
      memory.with_swap.limit = has_limit ? memory.memory.limit + memory.swap->limit : no_limit;
      memory.events = counters_in(text_in(v2, "memory.events"));
      memory.memory.failures = value_of(memory.events, "max");
    }
  }

  // Where the processes are not counted, the v2 tree lists them.
  void read_pids(PidsStatistic& pids) const {
    std::string const directory = find("pids.max");
    if (directory.empty()) {
      std::string const list = text_in(unified_, "cgroup.procs");
      pids.current = static_cast<std::uint64_t>(std::count(list.begin(), list.end(), '\n'));
      return;
    }
    pids.current = number_in(directory, "pids.current");
    std::uint64_t const limit = number_in(directory, "pids.max");
    pids.limit = limit == no_limit ? 0 : limit;
    pids.peak = number_in(directory, "pids.peak");
    pids.events = counters_in(text_in(directory, "pids.events"));
  }

  // "8:0 Read 4096", "8:0 4096"; the line "Total 4096" is of all devices.
  static std::vector<IoCount> io_counts_v1(std::string const& text) {
    std::vector<IoCount> counts;
    for (auto const line : split(text, '\n')) {
      auto const words = words_of(line);
      auto const numbers = words.empty() ? std::vector<std::string_view>{} : split(words[0], ':');
      if (numbers.size() != 2 || words.size() < 2) continue;
      IoCount& count = counts.emplace_back();
      count.major = whole_number(numbers[0]).value_or(0);
      count.minor = whole_number(numbers[1]).value_or(0);
      if (words.size() > 2) count.operation = words[1];
      count.value = whole_number(words.back()).value_or(0);
    }
    return counts;
  }

  // By the scheduler that has counters, else by the throttling, which every kernel has; of the cgroups below it, too,
  // where the kernel adds them up.
  void read_io_v1(std::string const& directory, IoStatistic& io) const {
    auto const first_of = [&](std::initializer_list<char const*> names) {
      for (char const* name : names)
        if (auto counts = io_counts_v1(text_in(directory, name)); !counts.empty()) return counts;
      return std::vector<IoCount>{};
    };
    io.bytes = first_of({"blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
                         "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"});
    io.operations = first_of({"blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
                              "blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced"});
    io.queued = first_of({"blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive"});
    io.service_time = first_of({"blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive"});
    io.wait_time = first_of({"blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive"});
    io.merged = first_of({"blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive"});
    io.time = first_of({"blkio.bfq.time_recursive", "blkio.time_recursive"});
    io.sectors = first_of({"blkio.bfq.sectors_recursive", "blkio.sectors_recursive"});
  }

  // "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"
  void read_io_v2(std::string const& text, IoStatistic& io) const {
    struct Key {
      std::string_view key;
      std::vector<IoCount> IoStatistic::*list;
      char const* operation;
    };
    constexpr Key keys[] = {
        {"rbytes", &IoStatistic::bytes, "Read"},     {"wbytes", &IoStatistic::bytes, "Write"},
        {"dbytes", &IoStatistic::bytes, "Discard"},  {"rios", &IoStatistic::operations, "Read"},
        {"wios", &IoStatistic::operations, "Write"}, {"dios", &IoStatistic::operations, "Discard"},
    };
    for (auto const line : split(text, '\n')) {
      auto const words = words_of(line);
      auto const numbers = words.empty() ? std::vector<std::string_view>{} : split(words[0], ':');
      if (numbers.size() != 2) continue;
      for (auto const word : words)
        for (auto const& key : keys) {
          if (!word.starts_with(key.key) || word.size() <= key.key.size() || word[key.key.size()] != '=') continue;
          (io.*key.list)
              .push_back({whole_number(numbers[0]).value_or(0), whole_number(numbers[1]).value_or(0), key.operation,
                          whole_number(word.substr(key.key.size() + 1)).value_or(0)});
        }
    }
  }

  void read_io(IoStatistic& io) const {
    if (std::string const v1 = find("blkio.throttle.io_serviced"); !v1.empty())
      read_io_v1(v1, io);
    else
      read_io_v2(text_in(unified_, "io.stat"), io);
  }

  // The sizes are those that the directory has files of: "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max". What is
  // reserved counts where the kernel counts it.
  void read_huge_pages(std::vector<std::pair<std::string, HugePageStatistic>>& all) const {
    for (auto const& directory : directories_) {
      for (auto const& size : huge_page_sizes(directory)) {
        std::string name = concat({"hugetlb.", size});
        bool const is_v2 = directory == unified_;
        char const* const usage = is_v2 ? ".current" : ".usage_in_bytes";
        if (access(concat({directory, "/", name, ".rsvd", usage}).c_str(), F_OK) == 0) name += ".rsvd";
        HugePageStatistic one;
        one.usage = number_in(directory, name + usage);
        if (is_v2) {
          one.failures = value_of(counters_in(text_in(directory, concat({"hugetlb.", size, ".events"}))), "max");
        } else {
          one.peak = number_in(directory, name + ".max_usage_in_bytes");
          one.failures = number_in(directory, name + ".failcnt");
        }
        all.emplace_back(size, one);
      }
    }
  }

  static std::vector<std::string> huge_page_sizes(std::string const& directory) {
    struct Close {
      void operator()(DIR* listing) const { closedir(listing); }
    };
    std::unique_ptr<DIR, Close> const listing{opendir(directory.c_str())};
    std::vector<std::string> sizes;
    if (!listing) return sizes;
    while (dirent const* entry = readdir(listing.get())) {
      auto const parts = split(entry->d_name, '.');
      if (parts.size() == 3 && parts[0] == "hugetlb" && (parts[2] == "max" || parts[2] == "limit_in_bytes"))
        sizes.emplace_back(parts[1]);
    }
    std::sort(sizes.begin(), sizes.end());
    return sizes;
  }

  std::span<std::string const> directories_;
  std::string unified_;  // the v2 directory; "": there is none
};

}  // namespace

CgroupStatistic cgroup_statistic(std::span<std::string const> directories) { return Reader{directories}.read(); }

Counters counters_in(std::string_view text) {
  Counters counters;
  for (auto const line : split(text, '\n')) {
    auto const space = line.find(' ');
    if (space == std::string_view::npos) continue;
    if (auto const value = whole_number(trimmed(line.substr(space + 1)))) counters.emplace_back(line.substr(0, space), *value);
  }
  return counters;
}

std::optional<Pressure> pressure_in(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Pressure pressure;
  for (auto const line : split(text, '\n')) {
    auto const words = words_of(line);
    if (words.empty()) continue;
    Stall& stall = words[0] == "full" ? pressure.full : pressure.some;
    for (auto const word : words) {
      auto const equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      auto const key = word.substr(0, equals), value = word.substr(equals + 1);
      if (key == "avg10") stall.avg10.digits = value;
      if (key == "avg60") stall.avg60.digits = value;
      if (key == "avg300") stall.avg300.digits = value;
      if (key == "total") stall.total = whole_number(value).value_or(0);
    }
  }
  return pressure;
}

std::vector<std::uint16_t> numbers_in(std::string_view list) {
  std::vector<std::uint16_t> numbers;
  for (auto const part : split(trimmed(list), ',')) {
    auto const dash = part.find('-');
    auto const first = whole_number(part.substr(0, dash));
    auto const last = dash == std::string_view::npos ? first : whole_number(part.substr(dash + 1));
    if (!first || !last || *last > UINT16_MAX) continue;
    for (std::uint64_t number = *first; number <= *last; ++number) numbers.push_back(static_cast<std::uint16_t>(number));
  }
  return numbers;
}

}  // namespace orlop::kernel
