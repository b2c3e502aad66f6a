// On which processor a process runs: getcpu(2), sched_setaffinity(2).
#pragma once
#include <sched.h>
#include <vector>

namespace orlop::kernel {

// The calling process runs on these processors only; none: on all that its cpuset allows. EINVAL: it allows none of them.
void run_on(std::vector<unsigned> const& processors);

// Where the calling process runs, and a child waits for its turn, while another processor that it may use is idle: it goes to
// another one, and the child begins. Its affinity is what it was before. True if it went.
bool try_make_way(unsigned processor_of_child);

}  // namespace orlop::kernel
