// On which memory nodes a process gets its memory: set_mempolicy(2), numa(7). Kept across execve(2).
#pragma once
#include <vector>

namespace orlop::kernel {

struct MemoryPolicy {
  int mode = 0;                      // MPOL_*, with MPOL_F_* in it
  std::vector<unsigned long> nodes;  // a bit a node; empty: none
  bool operator==(MemoryPolicy const&) const = default;
};

void set_memory_policy(MemoryPolicy const& wanted);

}  // namespace orlop::kernel
