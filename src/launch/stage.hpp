// Between the parent and init where a user namespace is joined: the stage enters it and makes init there, so that what is
// new belongs to it; the pid namespace is one that only children can be in. init is a child of our parent (CLONE_PARENT).
#pragma once
#include "orlop/base/child.hpp"
#include "orlop/plan/plan.hpp"

#include <vector>

namespace orlop::launch {

// A pure function of the plan.
bool needs_stage(plan::Plan const& plan);

// "0" to `tasks` of each.
void enter_v1_cgroups(plan::Cgroup const& cgroup);

// Called in the frame of the clone; ends when the parent knows of init, or when something has failed. Not dumpable.
[[noreturn]] void stage(plan::Plan const& plan, int channel, std::vector<Fd> joined) noexcept;

// The end of a stage's work: `child` has been made with CLONE_PARENT.
[[noreturn]] void hand_over(Child child, int channel);

}  // namespace orlop::launch
