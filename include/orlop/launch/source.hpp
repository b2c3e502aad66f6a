// Where a bind mount comes from: open_tree(2) in the child's own mount namespace, where the kernel has locked what the
// container may not change. What the owner of a user namespace cannot reach, the parent opens for it, in that namespace.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <string>

namespace orlop::launch {

class SourceOpener {
public:
  static constexpr std::int32_t root = -1;

  // `channel`: of the parent that may be asked, or -1.
  explicit SourceOpener(int channel) : channel_{channel} {}
  // O_PATH; not followed: a symlink at the end is opened itself. `index`: of the mount in the plan's list, or `root`.
  Fd open(std::string const& path, bool follow, std::int32_t index) const;
  // A copy of the mount there, detached.
  Fd clone(std::string const& path, bool recursive, bool follow, std::int32_t index) const;

private:
  int channel_;
};

}  // namespace orlop::launch
