// The child's straight line, from its first instruction to execve: the order of everything is written here, once.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/plan/plan.hpp"

#include <vector>

namespace orlop::launch {

struct Inheritance {
  int channel = -1;
  std::vector<Fd> joined{};     // the plan's namespaces.joined, opened; none where a stage has been in front of us
  bool is_in_cgroups = false;   // a stage was, and it has heard of them
  Fd gate{};
};

// Called in the frame of the clone; leaves by execve or _exit only.
[[noreturn]] void init(plan::Plan const& plan, Inheritance inheritance) noexcept;

}  // namespace orlop::launch
