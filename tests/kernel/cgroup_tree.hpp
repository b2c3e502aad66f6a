// A cgroup hierarchy for a test: mounted in a private mount namespace, with one cgroup that holds all that the test
// makes. That cgroup is a real one of this machine, and is removed with everything inside.
#pragma once
#include "orlop/kernel/cgroup.hpp"

#include <functional>
#include <string>

namespace test {

class CgroupTree {
public:
  static orlop::kernel::CgroupHierarchy v1(std::string const& controller);
  static orlop::kernel::CgroupHierarchy v2();

  explicit CgroupTree(orlop::kernel::CgroupHierarchy hierarchy);
  // Also after a body that was killed.
  ~CgroupTree();
  CgroupTree(CgroupTree const&) = delete;
  CgroupTree& operator=(CgroupTree const&) = delete;

  // "/orlop-kernel-test-123"
  std::string const& name() const { return name_; }
  // In a child, as harness::in_private_mounts: the hierarchy with its mount point, the cgroup made.
  void use(std::function<void(orlop::kernel::CgroupHierarchy const&)> const& body) const;

private:
  void in_mounted(std::function<void(orlop::kernel::CgroupHierarchy const&)> const& body) const;
  orlop::kernel::CgroupHierarchy hierarchy_;
  std::string name_;
};

}  // namespace test
