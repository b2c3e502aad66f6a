#include "orlop/kernel/memory_policy.hpp"

#include "orlop/base/error.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

void set_memory_policy(MemoryPolicy const& wanted) {
  // The kernel takes one bit less than it is told: one word more, of zeros, makes up for it.
  std::vector<unsigned long> nodes = wanted.nodes;
  nodes.push_back(0);
  unsigned long const bits = wanted.nodes.empty() ? 0 : nodes.size() * sizeof(unsigned long) * 8;
  long const result = syscall(SYS_set_mempolicy, wanted.mode, wanted.nodes.empty() ? nullptr : nodes.data(), bits);
  check(result, "set_mempolicy", {wanted.mode, Word{"nodes"}, bits});
}

}  // namespace orlop::kernel
