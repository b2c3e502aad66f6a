#include "section.hpp"

namespace orlop::plan {

namespace {

void refuse_if(bool asked, char const* where) {
  if (asked) throw Refusal{where, "is not supported by this version of orlop"};
}

void refuse_linux(oci::LinuxConfig const& config) {
  refuse_if(!config.net_devices.empty(), "linux.netDevices");
  refuse_if(config.seccomp.has_value(), "linux.seccomp");
  refuse_if(!config.mount_label.empty(), "linux.mountLabel");
  refuse_if(config.intel_rdt.has_value(), "linux.intelRdt");
  refuse_if(config.memory_policy.has_value(), "linux.memoryPolicy");
  refuse_if(config.personality.has_value(), "linux.personality");
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
}

}  // namespace orlop::plan
