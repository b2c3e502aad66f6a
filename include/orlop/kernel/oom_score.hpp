// How early the kernel kills a process when memory is short: proc_pid_oom_score_adj(5).
#pragma once
#include <sys/types.h>

namespace orlop::kernel {

// `score` is -1000 (never) to 1000 (first). /proc has to be the host's. 0: the calling process. Error EACCES, with a hint:
// lower than it was ever set needs CAP_SYS_RESOURCE in the initial user namespace.
void set_oom_score(pid_t process, int score);

}  // namespace orlop::kernel
