// The child's straight line of `exec`, from its first instruction to execve: into a running container, beside its init.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/plan/plan.hpp"

#include <cstdint>
#include <vector>

namespace orlop::launch {

// What the parent has opened or found out.
struct Entrance {
  int init;                    // pidfd of the container's init
  std::uint64_t namespaces;    // CLONE_NEW*: those of init that are not ours; the pid namespace we were born in
  std::vector<Fd> cgroups_v1;  // `tasks` of each
  uid_t owner_uid = 0;         // of init's user namespace, if it is not ours: who we are in it until take_on
  gid_t owner_gid = 0;
  // An ordinary user has a right to the other namespaces only inside the user namespace, where a process of ours makes
  // the one that gets executed (as a stage does: stage.hpp).
  bool has_stage = false;
  // Until the parent says cgroups_made: somebody else puts us into the cgroup.
  bool waits_for_cgroup = false;
};

// Called in the frame of the clone; leaves by execve or _exit only.
[[noreturn]] void enter(plan::Plan const& plan, Entrance& entrance, int channel) noexcept;

}  // namespace orlop::launch
