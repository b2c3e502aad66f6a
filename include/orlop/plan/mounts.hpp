// What `mounts add` and `mounts remove` do in a container that is there. Pure, as make().
#pragma once
#include "orlop/plan/make.hpp"

#include <vector>

namespace orlop::plan {

struct MountsRequest {
  std::string id;
  std::string bundle;  // of the container: what a relative source is relative to
  bool has_ordinary_caller = false;
  bool denies_setgroups = false;  // the container's user namespace
};

// `spec`: the container's, but with the mounts that are wanted. Of the plan only id, bundle, namespaces, user_namespace,
// rootfs and mounts count. The places that a Refusal names are in the list: "mounts[0].options[2]".
Plan make_mounts(oci::Spec const& spec, HostFacts& host, MountsRequest const& request);
// The same; of each mount only the destination counts.
Plan make_unmounts(oci::Spec const& spec, std::string const& id);

}  // namespace orlop::plan
