// What is left to do to a mount when it is attached: attributes of all below it, and its propagation.
#pragma once
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

inline void finish_mount(int fd, plan::Mount const& mount) {
  if (!mount.recursive_attributes.is_empty())
    kernel::set_attributes(fd, mount.recursive_attributes, true, mount.destination);
  for (std::size_t i = 0; i < mount.propagation.size(); ++i)
    kernel::set_propagation(fd, mount.propagation[i], mount.propagation_recursive[i], mount.destination);
}

}  // namespace orlop::launch
