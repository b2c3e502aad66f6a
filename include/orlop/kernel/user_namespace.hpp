// The ids of a user namespace: user_namespaces(7), /proc/PID/uid_map, gid_map and setgroups. Written once, by a process
// outside that has the right to all ids in them, before anything else is done inside.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

// `count` ids from `inside` on are those from `outside` on.
struct IdSpan {
  std::uint32_t inside = 0, outside = 0, count = 0;
  bool operator==(IdSpan const&) const = default;
};
using IdSpans = std::vector<IdSpan>;

inline constexpr std::size_t most_id_ranges = 340;  // user_namespaces(7)

// As the kernel reads it: a line a range. It takes less than a page of text.
std::string id_map_text(IdSpans const& map);
// The same back, as the kernel shows it.
IdSpans id_map_of(std::string_view text);
// The id outside; nullopt: not mapped.
std::optional<std::uint32_t> id_outside(IdSpans const& map, std::uint32_t inside);
// Inside: root, or the first that is mapped.
std::uint32_t owner_in(IdSpans const& map);

// The maps of the user namespace that a process is in, seen from ours.
struct IdMaps {
  IdSpans uids, gids;
  bool denies_setgroups = false;
};
IdMaps id_maps_of(pid_t pid);
// The same of the calling process, through a procfs that was opened before.
IdMaps own_id_maps(int procfs);

// Errors: EPERM (no right to an id outside, or setgroups is not denied where it has to be), EINVAL (overlapping).
void write_uid_map(pid_t pid, IdSpans const& uids);
void write_gid_map(pid_t pid, IdSpans const& gids, bool deny_setgroups);

// The caller is in the user namespace that the system began with.
bool is_in_initial_user_namespace();

// Who we are in a user namespace, once its maps stand: a mapped user, with no group of the caller's left unless they are
// kept or may not be dropped. Files that we make belong to it. All capabilities are kept.
void become_owner(uid_t uid, gid_t gid, bool keep_groups = false);

}  // namespace orlop::kernel
