// The child's straight line, from its first instruction to execve: the order of everything is written here, once.
#pragma once
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// Called in the frame of the clone; leaves by execve or _exit only.
[[noreturn]] void init(plan::Plan const& plan, int channel) noexcept;

}  // namespace orlop::launch
