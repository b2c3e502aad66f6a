// The parent's side of a new user namespace: its maps, written by us or by the helpers of package uidmap.
#pragma once
#include "orlop/base/error.hpp"
#include "orlop/plan/plan.hpp"

#include <sys/types.h>

namespace orlop::launch {

// "linux.uidMappings: newuidmap: uid range [0-65536) -> [100000-165536) not allowed", with a hint of where to look.
void map_ids(pid_t pid, plan::UserNamespace const& user);

// Of the clone: where user namespaces are switched off, what does it.
Error with_user_namespace_hint(Error error);

}  // namespace orlop::launch
