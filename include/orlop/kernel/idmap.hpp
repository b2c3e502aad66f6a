// Mounts whose files belong to other ids than the file system says: MOUNT_ATTR_IDMAP of mount_setattr(2), for which the
// map is that of a user namespace, user_namespaces(7). Linux 5.12, and a file system that allows it.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace orlop::kernel {

// Ids of the file system, and what the mount shows for them.
struct IdRange {
  std::uint32_t inside = 0;   // of the source
  std::uint32_t outside = 0;  // in the initial user namespace
  std::uint32_t size = 0;
  bool operator==(IdRange const&) const = default;
};

struct IdMap {
  std::vector<IdRange> uids, gids;
  bool recursive = false;  // of all mounts below, too
  bool is_empty() const { return uids.empty() && gids.empty(); }
  bool operator==(IdMap const&) const = default;
};

// A user namespace that holds the map and has no process in it. The caller is privileged and single-threaded.
Fd new_user_namespace(IdMap const& map);

// Before the mount is attached. Errors: EINVAL (a file system that does not allow it), EPERM (mapped already).
void map_ids(int mount, IdMap const& map, std::string const& shown);

}  // namespace orlop::kernel
