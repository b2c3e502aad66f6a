// One row of the tables of refusals: a change of the smallest config, the place that is named, and the reason.
#pragma once
#include "base_spec.hpp"

namespace plan_test {

struct RefusalRow {
  char const* where;
  std::string why;
  void (*change)(oci::Spec& spec);
};

// The change is refused so, and the place is in the config (or, where something is missing, what it should be in).
void check_refusal(RefusalRow const& row);

}  // namespace plan_test
