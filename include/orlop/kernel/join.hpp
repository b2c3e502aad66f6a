// Becoming a neighbour of a running process: setns(2) by pidfd (Linux 5.8), /proc/PID/ns.
#pragma once
#include <cstdint>
#include <sys/types.h>

namespace orlop::kernel {

// The kinds (CLONE_NEW*) that are to be joined so that we are where that process is. Joining one's own user namespace is
// EINVAL, and a right to join any other of one's own may be missing: then only those in which it is in another one than
// we are. With that right, and in the same user namespace, all the others, whether this kernel has them or not.
std::uint64_t namespaces_to_join(pid_t pid, bool may_join_own);

// All of these kinds at once: the user namespace's rights count for the others. A mount namespace sets "/" and the
// working directory to its root, a pid namespace is that of the next children. The caller is single-threaded. A kind that this
// kernel does not have is passed over.
void join_process(int pidfd, std::uint64_t kinds);

}  // namespace orlop::kernel
