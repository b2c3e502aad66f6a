#include "section.hpp"

namespace orlop::plan {

namespace {

void refuse_if(bool asked, char const* where) {
  if (asked) throw Refusal{where, "is not supported by this version of orlop"};
}

void refuse_resources(oci::LinuxResources const& resources) {
  refuse_if(resources.memory && *resources.memory != oci::LinuxMemory{}, "linux.resources.memory");
  refuse_if(resources.cpu && *resources.cpu != oci::LinuxCpu{}, "linux.resources.cpu");
  refuse_if(resources.pids && *resources.pids != oci::LinuxPids{}, "linux.resources.pids");
  refuse_if(resources.block_io && *resources.block_io != oci::LinuxBlockIo{}, "linux.resources.blockIO");
  refuse_if(!resources.hugepage_limits.empty(), "linux.resources.hugepageLimits");
  refuse_if(resources.network && *resources.network != oci::LinuxNetwork{}, "linux.resources.network");
  refuse_if(!resources.rdma.empty(), "linux.resources.rdma");
  refuse_if(!resources.unified.empty(), "linux.resources.unified");
}

void refuse_linux(oci::LinuxConfig const& config) {
  refuse_if(!config.uid_mappings.empty(), "linux.uidMappings");
  refuse_if(!config.gid_mappings.empty(), "linux.gidMappings");
  refuse_if(!config.net_devices.empty(), "linux.netDevices");
  refuse_if(!config.mount_label.empty(), "linux.mountLabel");
  refuse_if(config.intel_rdt.has_value(), "linux.intelRdt");
  refuse_if(config.memory_policy.has_value(), "linux.memoryPolicy");
  refuse_if(config.personality.has_value(), "linux.personality");
  if (config.resources) refuse_resources(*config.resources);
}

}  // namespace

void refuse_unsupported(oci::Process const& process) {
  refuse_if(!process.apparmor_profile.empty(), "process.apparmorProfile");
  refuse_if(!process.selinux_label.empty(), "process.selinuxLabel");
  refuse_if(process.oom_score_adj.has_value(), "process.oomScoreAdj");
  refuse_if(process.scheduler.has_value(), "process.scheduler");
  refuse_if(process.io_priority.has_value(), "process.ioPriority");
}

void refuse_unsupported(oci::Spec const& spec) {
  if (spec.process) refuse_unsupported(*spec.process);
  if (spec.linux_config) refuse_linux(*spec.linux_config);
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
    auto const& mount = spec.mounts[i];
    char const* const which = mount.uid_mappings.empty() ? "gidMappings" : "uidMappings";
    if (!mount.uid_mappings.empty() || !mount.gid_mappings.empty())
      throw Refusal{at("mounts", i, which), "is not supported by this version of orlop"};
  }
}

}  // namespace orlop::plan
