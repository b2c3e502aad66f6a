// The form of the objects that `events` prints: runc's members (its package types), and ours beside them.
#pragma once
#include "orlop/kernel/cgroup_statistic.hpp"
#include "orlop/kernel/network_statistic.hpp"

#include "oci/members.hpp"

namespace orlop::launch {

// Nothing is said about it yet; runc has the object in any case.
struct IntelRdtReport {
  bool is_there = false;
};
struct InterfaceReport {
  std::string name;
  std::uint64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
  std::uint64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};
struct StatisticReport {
  kernel::CpuStatistic cpu;
  kernel::CpusetStatistic cpuset;
  kernel::MemoryStatistic memory;
  kernel::PidsStatistic pids;
  kernel::IoStatistic blkio;
  std::vector<std::pair<std::string, kernel::HugePageStatistic>> hugetlb;
  IntelRdtReport intel_rdt;
  std::vector<InterfaceReport> interfaces;
};
struct EventReport {
  std::string type, id;
  std::optional<StatisticReport> data;
};

}  // namespace orlop::launch

template <>
oci::Type const oci::Object<orlop::launch::EventReport>::type;
