// The settings of a cgroup that systemd has a property for. It writes them too, at once and whenever it is told to read its
// files again: what it does not know of, it would put back. systemd.resource-control(5).
#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

using kernel::CgroupSetting;
using kernel::UnitProperty;

constexpr char infinity[] = "18446744073709551615";

// `zero` is what systemd is told for a 0; nullptr: nothing, for it takes none. With a limit of one process, which is there
// already, no other can come either.
struct Row {
  char const *file, *property, *zero;
};
constexpr Row rows[] = {
    {"memory.max", "MemoryMax", nullptr},       {"memory.high", "MemoryHigh", nullptr},
    {"memory.low", "MemoryLow", "0"},           {"memory.min", "MemoryMin", "0"},
    {"memory.swap.max", "MemorySwapMax", "0"},  {"memory.zswap.max", "MemoryZSwapMax", "0"},
    {"memory.limit_in_bytes", "MemoryLimit", nullptr},
    {"cpu.weight", "CPUWeight", nullptr},       {"cpu.shares", "CPUShares", nullptr},
    {"pids.max", "TasksMax", "1"},              {"blkio.weight", "BlockIOWeight", nullptr},
};

struct Rate {
  char const *key, *property;
};
constexpr Rate rates[] = {
    {"rbps=", "IOReadBandwidthMax"},
    {"wbps=", "IOWriteBandwidthMax"},
    {"riops=", "IOReadIOPSMax"},
    {"wiops=", "IOWriteIOPSMax"},
};

// "max" and -1 are no limit. Nothing: no number, which the kernel will say when it is written.
std::optional<std::string> number_of(std::string_view text) {
  text = trimmed(text);
  if (text == "max" || text == "-1") return infinity;
  if (!whole_number(text)) return std::nullopt;
  return std::string{text};
}

class Limits {
public:
  explicit Limits(Cgroup& cgroup) : cgroup_{cgroup} {}

  void add_all() {
    for (auto const& setting : cgroup_.settings) add(setting);
    add_quota();
  }

private:
  void add(CgroupSetting const& setting) {
    std::string const& file = setting.file;
    for (auto const& row : rows)
      if (file == row.file)
        if (auto const number = number_of(setting.value); number && (row.zero || *number != "0"))
          put({row.property, {"t", {*number == "0" ? row.zero : *number}}}, setting.is_last);
    if (file == "cpu.idle") put({"CPUWeight", {"t", {trimmed(setting.value) == "1" ? "0" : infinity}}});
    if (file == "cpuset.cpus" && cgroup_.is_only_tree()) add_list("AllowedCPUs", setting.value, "linux.resources.cpu.cpus");
    if (file == "cpuset.mems" && cgroup_.is_only_tree()) add_list("AllowedMemoryNodes", setting.value, "linux.resources.cpu.mems");
    if (file == "io.max") add_rates(setting);
    if (file == "io.weight") add_weight(setting.value);
    if (setting.other_file == "io.weight") add_weight(setting.other_value);
    take_quota(setting);
  }

  // "100", "default 100", "8:0 100".
  void add_weight(std::string_view text) {
    auto const space = text.find(' ');
    std::string_view const device = space == std::string_view::npos ? "default" : text.substr(0, space);
    auto const number = number_of(space == std::string_view::npos ? text : text.substr(space));
    if (!number || *number == infinity) return;
    if (device == "default")
      put({"IOWeight", {"t", {*number}}});
    else
      put({"IODeviceWeight", {"a(st)", {concat({"/dev/block/", device}), *number}}});
  }

  // "8:0 rbps=1048576 wiops=max"
  void add_rates(CgroupSetting const& setting) {
    auto const words = split(setting.value, ' ');
    for (auto const word : words)
      for (auto const& rate : rates)
        if (word.starts_with(rate.key))
          if (auto const number = number_of(word.substr(std::string_view{rate.key}.size())))
            put({rate.property, {"a(st)", {concat({"/dev/block/", words[0]}), *number}}});
  }

  // "0-3,7", as the bytes of a mask.
  void add_list(char const* name, std::string const& list, char const* where) {
    UnitProperty property{name, {"ay", {}}};
    std::vector<unsigned> bytes;
    for (unsigned const one : processors_of(list, where)) {
      if (bytes.size() <= one / 8) bytes.resize(one / 8 + 1);
      bytes[one / 8] |= 1U << one % 8;
    }
    for (unsigned const byte : bytes) property.value.words.push_back(std::to_string(byte));
    put(std::move(property));
  }

  void take_quota(CgroupSetting const& setting) {
    if (setting.file == "cpu.max") {
      auto const words = split(trimmed(setting.value), ' ');
      if (!words.empty()) quota_ = number_of(words[0]);
      if (words.size() > 1) period_ = number_of(words[1]);
    }
    if (setting.file == "cpu.cfs_quota_us") quota_ = number_of(setting.value);
    if (setting.file == "cpu.cfs_period_us") period_ = number_of(setting.value);
  }

  // systemd keeps whole percents of a processor's time: rounded up, so that what stands in the file is never too much.
  void add_quota() {
    if (!quota_) return;
    constexpr std::uint64_t second = 1'000'000, percent = second / 100, usual_period = 100'000;
    std::uint64_t const quota = *whole_number(*quota_), period = period_ ? *whole_number(*period_) : usual_period;
    std::string share = infinity;
    if (*quota_ != infinity && period && quota < UINT64_MAX / second)
      share = std::to_string((quota * second / period + percent - 1) / percent * percent);
    if (share == "0") return;
    put({"CPUQuotaPerSecUSec", {"t", {share}}});
    if (period_) put({"CPUQuotaPeriodUSec", {"t", {*period_}}});
  }

  void put(UnitProperty property, bool is_last = false) {
    property.may_be_unknown = true;
    auto& list = is_last ? cgroup_.unit->last_limits : cgroup_.unit->limits;
    list.push_back(std::move(property));
  }

  Cgroup& cgroup_;
  std::optional<std::string> quota_, period_;
};

}  // namespace

void plan_unit_limits(Cgroup& cgroup) {
  Limits{cgroup}.add_all();
  // What comes with a tight limit of memory (its swap) does not come before it, either.
  auto& unit = *cgroup.unit;
  if (unit.last_limits.empty()) return;
  for (auto const& one : unit.limits)
    if (one.name == "MemorySwapMax") unit.last_limits.push_back(one);
  std::erase_if(unit.limits, [](auto const& one) { return one.name == "MemorySwapMax"; });
}

}  // namespace orlop::plan
