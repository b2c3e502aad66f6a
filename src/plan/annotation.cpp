// Annotations that change what a container is: of crun (crun(1), "EXTENSIONS TO OCI"), and of what is written for it.
#include "section.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

std::string place_of_annotation(std::string_view key) { return concat({"annotations[\"", key, "\"]"}); }

namespace {

// Run as an ordinary program, it would be something else than what was asked for.
void refuse_handler(std::string_view key, std::string_view value) {
  if (key == "run.oci.handler" && !value.empty())
    throw Refusal{place_of_annotation(key), concat({"\"", value, "\" is a handler that orlop does not have: it runs programs of this machine only"})};
  if (key == "module.wasm.image/variant" && value == "compat")
    throw Refusal{place_of_annotation(key), "asks for a WebAssembly engine, and orlop has none: it runs programs of this machine only"};
  if (key.starts_with("run.oci.seccomp.") && key != receiver_key)
    throw Refusal{place_of_annotation(key),
                  "asks for a seccomp plug-in, and orlop has none: linux.seccomp.listenerPath leads to an agent"};
}

}  // namespace

void plan_annotations(oci::Annotations const& annotations, Plan& plan) {
  for (auto const& [key, value] : annotations) {
    refuse_handler(key, value);
    if (key == "run.oci.keep_original_groups") plan.process.user.keep_groups |= value == "1" || value == "true";
    if (key == "run.oci.pidfd_receiver") plan.pidfd_receiver = absolute_path(value, place_of_annotation(key));
  }
}

}  // namespace orlop::plan
