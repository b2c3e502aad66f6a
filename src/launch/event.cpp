#include "orlop/launch/event.hpp"

#include "event_table.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/oom_watch.hpp"
#include "orlop/launch/survey.hpp"

#include "oci/json.hpp"

#include <algorithm>
#include <ctime>
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
  auto const init = container::try_hold(record.init, record.boot_id);
  if (!init) throw Error::refusal("container not running");
  kernel::OomWatch watch{cgroups_of(record)};
  for (std::int64_t next = monotonic_ms();;) {
    if (monotonic_ms() >= next) {
      take(statistic_line(record));
      next = monotonic_ms() + interval_ms;
    }
    pollfd waiting[] = {{*init, POLLIN, 0}, {watch.descriptor(), POLLIN, 0}};
    auto const left = std::max(next - monotonic_ms(), std::int64_t{0});
    check(retry([&] { return poll(waiting, 2, static_cast<int>(left)); }), "poll");
    // What has killed init was told before it died.
    if ((waiting[0].revents || waiting[1].revents) && watch.has_news()) take(line_of({"oom", record.id, {}}));
    if (waiting[0].revents) return;
  }
}

}  // namespace orlop::launch
