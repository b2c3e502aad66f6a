#include "orlop/plan/features.hpp"

#include "orlop/command/command.hpp"
#include "version.hpp"

#include "oci/json.hpp"

namespace orlop::command {

// Engines read standard output and standard error together: nothing but the object.
int features(Context const&, Arguments const&) {
  auto all = plan::features();
  // CRI-O and moby look the first one up, of whatever runtime.
  all.annotations = {{"org.opencontainers.runc.checkpoint.enabled", "false"},
                     {"org.orlop.version", ORLOP_VERSION},
                     {"org.orlop.commit", ORLOP_COMMIT}};
  print(oci::print(all, oci::Style::pretty) + "\n");
  return 0;
}

}  // namespace orlop::command
