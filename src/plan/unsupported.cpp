#include "section.hpp"

namespace orlop::plan {

namespace {

void refuse_if(bool asked, char const* where) {
  if (asked) throw Refusal{where, "is not supported by this version of orlop"};
}

void refuse_linux(oci::LinuxConfig const& config) {
  refuse_if(!config.mount_label.empty(), "linux.mountLabel");
  refuse_if(config.intel_rdt.has_value(), "linux.intelRdt");
}

}  // namespace

void refuse_unsupported(oci::Process const& process) {
  refuse_if(!process.apparmor_profile.empty(), "process.apparmorProfile");
  refuse_if(!process.selinux_label.empty(), "process.selinuxLabel");
}

void refuse_unsupported(oci::Spec const& spec) {
  if (spec.process) refuse_unsupported(*spec.process);
  if (spec.linux_config) refuse_linux(*spec.linux_config);
}

}  // namespace orlop::plan
