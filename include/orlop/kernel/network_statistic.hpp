// What the network interfaces of a process's namespace count: /proc/PID/net/dev, proc_pid_net(5).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

struct TrafficCount {
  std::uint64_t bytes = 0, packets = 0, errors = 0, dropped = 0;
};
struct InterfaceStatistic {
  std::string name;
  TrafficCount received, sent;
};

// All but the loopback. A process that is gone has none.
std::vector<InterfaceStatistic> interface_statistics(pid_t pid);
// The same from the text of the file.
std::vector<InterfaceStatistic> interface_statistics_in(std::string_view text);

}  // namespace orlop::kernel
