// Nodes of linux.devices for a user namespace, whose own file systems have none that can be opened: made by the parent with
// the host's right, on a file system of the host's that nobody else sees, each under its number in the plan's list.
#pragma once
#include "orlop/base/directory.hpp"
#include "orlop/plan/plan.hpp"

#include <sys/types.h>
#include <vector>

namespace orlop::launch {

// The parent: that file system, detached. `init` is in the user namespace. A closed Fd: we may not make nodes (EPERM).
Fd try_make_nodes(plan::Plan const& plan, pid_t init);
// The child: a detached mount of each, one for each device of the plan; closed where it is made otherwise. Empty: all are.
std::vector<Fd> nodes_made_outside(Directory const& root, plan::Plan const& plan, int channel);

}  // namespace orlop::launch
