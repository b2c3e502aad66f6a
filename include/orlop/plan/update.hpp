// What `update` changes: the settings that new resources ask for, completed by those that stand. Pure, as make().
#pragma once
#include "orlop/plan/make.hpp"

namespace orlop::plan {

struct Update {
  Cgroup cgroup;                                 // directories, settings and controllers; devices if they change
  std::vector<kernel::DeviceRule> devices_before;
  bool changes_devices = false;
  std::vector<kernel::UnitProperty> unit_properties, unit_properties_before;  // of the systemd unit, if it is one
  oci::LinuxResources resources;                 // all that holds when this is done
  std::vector<std::string> warnings;
};

// `spec`: the container's; `before`: the resources that hold now; `wanted`: only what is to change. The places that a
// Refusal names begin with "linux.resources". `cgroups`: the directories that it has.
Update make_update(oci::Spec const& spec, oci::LinuxResources const& before, oci::LinuxResources const& wanted,
                   HostFacts& host, std::string const& id, Systemd systemd = Systemd::none,
                   std::vector<std::string> const& cgroups = {});

}  // namespace orlop::plan
