#include "orlop/launch/event.hpp"

#include "event_table.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/oom_watch.hpp"
#include "orlop/launch/survey.hpp"

#include "oci/json.hpp"

#include <algorithm>
#include <optional>
#include <poll.h>
#include <sched.h>

namespace orlop::launch {

namespace {

std::vector<std::string> const& cgroups_of(container::Record const& record) {
  return record.all_cgroups.empty() ? record.cgroups : record.all_cgroups;
}

// In the host's network namespace the interfaces are the host's: what they count is not the container's.
std::vector<InterfaceReport> interfaces_of(container::Record const& record) {
  std::vector<InterfaceReport> reports;
  pid_t const pid = record.init.pid;
  if (Survey{}.is_own_namespace(CLONE_NEWNET, concat({"/proc/", pid, "/ns/net"}))) return reports;
  for (auto const& one : kernel::interface_statistics(pid))
    reports.push_back({one.name, one.received.bytes, one.received.packets, one.received.errors, one.received.dropped,
                       one.sent.bytes, one.sent.packets, one.sent.errors, one.sent.dropped});
  return reports;
}

std::string line_of(EventReport const& event) { return oci::print(event, oci::Style::compact) + "\n"; }

// Due at once, and then after every interval.
class Ticks {
public:
  explicit Ticks(int interval_ms) : interval_ms_{interval_ms} {}
  bool is_due() {
    auto const now = monotonic_ms();
    if (now < next_) return false;
    next_ = now + interval_ms_;
    return true;
  }
  int left_ms() const { return static_cast<int>(std::max(next_ - monotonic_ms(), std::int64_t{0})); }

private:
  std::int64_t interval_ms_, next_ = monotonic_ms();
};

// One container, while its init lives.
class Followed {
public:
  static std::optional<Followed> of(container::Record const& record) {
    auto init = container::try_hold(record.init, record.boot_id);
    if (!init) return std::nullopt;
    return Followed{record, std::move(*init)};
  }
  container::Record const& record() const { return record_; }
  void wait_in(pollfd* two) const {
    two[0] = {init_, POLLIN, 0};
    two[1] = {watch_.descriptor(), POLLIN, 0};
  }
  // False: it has ended. What has killed init was told before it died.
  bool tell(pollfd const* two, TakeLine const& take) {
    if ((two[0].revents || two[1].revents) && watch_.has_news()) take(line_of({"oom", record_.id, {}}));
    return !two[0].revents;
  }

private:
  Followed(container::Record const& record, Fd init) : record_{record}, init_{std::move(init)}, watch_{cgroups_of(record)} {}
  container::Record record_;
  Fd init_;
  kernel::OomWatch watch_;
};

constexpr int look_ms = 1000;  // how often we look for containers that are new

// One that is damaged, or that vanishes meanwhile, does not hide the others.
template <class Part>
void without(std::string const& id, Part const& part) {
  try {
    part();
  } catch (std::exception const& error) {
    log::debug(concat({"events: ", id, ": ", error.what()}));
  }
}

void look_for_new(std::string const& state_root, std::vector<Followed>& all) {
  for (auto const& id : container::container_ids(state_root)) {
    if (std::any_of(all.begin(), all.end(), [&](auto const& one) { return one.record().id == id; })) continue;
    without(id, [&] {
      auto const container = container::ContainerDir::try_open(state_root, id);
      if (!container) return;
      auto const record = container->read_record();
      if (record.phase == container::Phase::creating) return;
      if (auto one = Followed::of(record)) all.push_back(std::move(*one));
    });
  }
}

void try_statistic(container::Record const& record, TakeLine const& take) {
  std::string line;
  without(record.id, [&] { line = statistic_line(record); });
  take(line);
}

}  // namespace

std::string statistic_line(container::Record const& record) {
  auto counted = kernel::cgroup_statistic(cgroups_of(record));
  EventReport event{"stats", record.id, StatisticReport{}};
  event.data->cpu = std::move(counted.cpu);
  event.data->cpuset = std::move(counted.cpuset);
  event.data->memory = std::move(counted.memory);
  event.data->pids = std::move(counted.pids);
  event.data->blkio = std::move(counted.io);
  event.data->hugetlb = std::move(counted.huge_pages);
  event.data->interfaces = interfaces_of(record);
  return line_of(event);
}

void follow_events(container::Record const& record, int interval_ms, TakeLine const& take) {
  auto followed = Followed::of(record);
  if (!followed) throw Error::refusal("container not running");
  for (Ticks ticks{interval_ms};;) {
    if (ticks.is_due()) take(statistic_line(record));
    pollfd waiting[2];
    followed->wait_in(waiting);
    check(retry([&] { return poll(waiting, 2, ticks.left_ms()); }), "poll");
    if (!followed->tell(waiting, take)) return;
  }
}

void follow_all_events(std::string const& state_root, int interval_ms, TakeLine const& take) {
  std::vector<Followed> all;
  for (Ticks ticks{interval_ms}, looks{std::min(interval_ms, look_ms)};;) {
    if (looks.is_due()) look_for_new(state_root, all);
    if (ticks.is_due())
      for (auto const& one : all) try_statistic(one.record(), take);
    std::vector<pollfd> waiting(all.size() * 2);
    std::size_t place = 0;
    for (auto const& one : all) one.wait_in(&waiting[2 * place++]);
    check(retry([&] { return poll(waiting.data(), waiting.size(), std::min(ticks.left_ms(), looks.left_ms())); }), "poll");
    place = 0;
    std::erase_if(all, [&](auto& one) { return !one.tell(&waiting[2 * place++], take); });
  }
}

}  // namespace orlop::launch
