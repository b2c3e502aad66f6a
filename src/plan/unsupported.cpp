#include "section.hpp"

namespace orlop::plan {

namespace {

void refuse_if(bool asked, char const* where) {
  if (asked) throw Refusal{where, "is not supported by this version of orlop"};
}

void refuse_linux(oci::LinuxConfig const& config) {
  refuse_if(config.intel_rdt.has_value(), "linux.intelRdt");
}

}  // namespace

void refuse_unsupported(oci::Spec const& spec) {
  if (spec.linux_config) refuse_linux(*spec.linux_config);
}

}  // namespace orlop::plan
