// The settings of a container's cgroup while they are collected: which hierarchy has a controller, and what is written
// there.
#pragma once
#include "section.hpp"

namespace orlop::plan {

// The cgroup's directory in the hierarchy that has the controller, and who asks for it.
struct ControllerPlace {
  std::string directory;
  bool is_v2 = false;
  std::string where;
};

class SettingList {
public:
  SettingList(HostFacts& host, Cgroup& cgroup) : host_{host}, cgroup_{cgroup} {}
  // A controller is used where it lives, a v1 hierarchy or the v2 tree. Refusal of `where`: the host does not have it.
  ControllerPlace find(std::string const& controller, std::string const& where);
  kernel::CgroupSetting& add(ControllerPlace const& place, std::string file, std::string value);
  // The controllers of the v2 tree; Refusal of `where` if there is none.
  ControllerPlace unified(std::string const& controller, std::string const& where);

private:
  void refuse_disabled(std::string const& where);
  [[noreturn]] void refuse_missing(std::string const& controller, std::string const& where);
  HostFacts& host_;
  Cgroup& cgroup_;
};

void plan_block_io(oci::LinuxBlockIo const& wanted, SettingList& list);

}  // namespace orlop::plan
