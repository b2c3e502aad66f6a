// On which processor a process runs: getcpu(2), sched_setaffinity(2).
#pragma once
#include <sched.h>
#include <vector>

namespace orlop::kernel {

// The calling process runs on these processors only; none: on all that its cpuset allows. EINVAL: it allows none of them.
void run_on(std::vector<unsigned> const& processors);

}  // namespace orlop::kernel
