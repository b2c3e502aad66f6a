// The mount of type "cgroup": what the container sees of its control groups, on each layout of the host.
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// v2 alone: the hierarchy itself, seen from the own cgroup. v1 and hybrid: a tmpfs with a directory for each hierarchy.
void mount_cgroup(Directory const& root, plan::Mount const& mount, plan::Plan const& plan);

}  // namespace orlop::launch
