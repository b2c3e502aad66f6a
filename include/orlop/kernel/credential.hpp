// Who a process is: setgroups(2), setresgid(2), setresuid(2). Ids are those of the process's own user namespace.
#pragma once
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

struct Credentials {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool keep_groups = false;  // those of our caller, and `groups` counts for nothing
  bool operator==(Credentials const&) const = default;
};

// Keeps the permitted capabilities across the change of uid (PR_SET_KEEPCAPS): the final sets come later, with capset.
void become(Credentials const& who);

// The descriptors 0, 1 and 2 belong to the container's user, so that it can reopen /dev/stdout; a terminal, /dev/null
// and files that refuse are left alone.
void own_stdio(uid_t uid, gid_t gid);

}  // namespace orlop::kernel
