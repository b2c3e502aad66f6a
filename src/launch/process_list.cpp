#include "orlop/launch/process_list.hpp"

#include "orlop/kernel/cgroup.hpp"
#include "orlop/launch/status.hpp"

#include <set>

namespace orlop::launch {

std::vector<pid_t> processes_in(std::vector<std::string> const& cgroups) {
  std::set<pid_t> pids;
  for (auto const& directory : cgroups) pids.merge(kernel::cgroup_tree_processes(directory));
  return {pids.begin(), pids.end()};
}

std::vector<pid_t> processes_of(container::ContainerDir const& container) {
  auto const record = container.read_record();
  refuse_without_own_cgroup(record);
  return processes_in(record.cgroups);
}

}  // namespace orlop::launch
