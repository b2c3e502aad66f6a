// cgroup v1, CONFIG_RT_GROUP_SCHED: who is in a cgroup whose cpu.rt_runtime_us is 0 gets no real-time policy (SCHED_FIFO,
// SCHED_RR), and the kernel says EPERM, as to somebody who lacks CAP_SYS_NICE. A new cgroup begins with 0. sched(7)
#pragma once
#include "orlop/base/error.hpp"
#include "orlop/plan/plan.hpp"

#include <string>
#include <vector>

namespace orlop::launch {

// The same error; if it is that one, with a hint that names the cgroup. `cgroups`: the directories that were entered.
Error with_realtime_hint(Error error, plan::Process const& process, std::vector<std::string> const& cgroups);

}  // namespace orlop::launch
