// What this build of orlop supports, on whatever kernel: features.md and features-linux.md of the runtime-spec. Made from
// the plan's own tables, so that nothing is promised that the plan would refuse.
#pragma once
#include "oci/features.hpp"

namespace orlop::plan {

oci::Features features();

}  // namespace orlop::plan
