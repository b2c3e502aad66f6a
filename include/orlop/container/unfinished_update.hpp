// update.json: what an update is about to change, and what stood before. It is there before the first value is written,
// and gone behind the last: whoever finds it can take back an update that was killed half way.
#pragma once
#include "oci/members.hpp"
#include "oci/spec.hpp"

#include <string>
#include <vector>

namespace orlop::container {

struct OldValue {
  std::string directory, file, value;  // one write to a file of a cgroup
};

struct UnfinishedUpdate {
  oci::LinuxResources wanted;     // what was asked for
  oci::LinuxResources resources;  // what resources.json says when all of it is done
  std::vector<OldValue> old_values;
  std::vector<std::string> old_schemata;  // of its group of resctrl
};

}  // namespace orlop::container

template <>
oci::Type const oci::Object<orlop::container::OldValue>::type;
template <>
oci::Type const oci::Object<orlop::container::UnfinishedUpdate>::type;
