// The child's straight line, from its first instruction to execve: the order of everything is written here, once.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// Called in the frame of the clone; leaves by execve or _exit only. `joined`: the plan's namespaces.joined, opened.
[[noreturn]] void init(plan::Plan const& plan, int channel, std::vector<Fd> joined) noexcept;

}  // namespace orlop::launch
