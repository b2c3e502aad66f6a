#include "orlop/kernel/network_statistic.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

namespace orlop::kernel {

std::vector<InterfaceStatistic> interface_statistics_in(std::string_view text) {
  std::vector<InterfaceStatistic> all;
  for (auto const line : split(text, '\n')) {
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::vector<std::uint64_t> numbers;
    for (auto const word : split(line.substr(colon + 1), ' '))
      if (auto const number = whole_number(word)) numbers.push_back(*number);
    std::string_view const name = trimmed(line.substr(0, colon));
    // bytes packets errs drop fifo frame compressed multicast, and the same of what was sent
    if (numbers.size() < 12 || name == "lo") continue;
    all.push_back({std::string{name},
                   {numbers[0], numbers[1], numbers[2], numbers[3]},
                   {numbers[8], numbers[9], numbers[10], numbers[11]}});
  }
  return all;
}

std::vector<InterfaceStatistic> interface_statistics(pid_t pid) {
  try {
    return interface_statistics_in(file::read(concat({"/proc/", pid, "/net/dev"}), 1024 * 1024));
  } catch (Error const&) {
    return {};
  }
}

}  // namespace orlop::kernel
