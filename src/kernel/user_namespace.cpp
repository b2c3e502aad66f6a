#include "orlop/kernel/user_namespace.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace orlop::kernel {

std::string id_map_text(IdSpans const& map) {
  std::string text;
  for (auto const& range : map) text += concat({range.inside, " ", range.outside, " ", range.count, "\n"});
  return text;
}

std::optional<std::uint32_t> id_outside(IdSpans const& map, std::uint32_t inside) {
  for (auto const& range : map)
    if (inside >= range.inside && inside - range.inside < range.count) return range.outside + (inside - range.inside);
  return std::nullopt;
}

void write_id_maps(pid_t pid, IdSpans const& uids, IdSpans const& gids, bool deny_setgroups) {
  std::string const process = concat({"/proc/", pid, "/"});
  file::write_existing(process + "uid_map", id_map_text(uids));
  if (deny_setgroups) file::write_existing(process + "setgroups", "deny");
  file::write_existing(process + "gid_map", id_map_text(gids));
}

void become_owner(uid_t uid, gid_t gid) {
  // EPERM: setgroups is denied here, and the caller's groups have to stay.
  if (setgroups(0, nullptr) < 0 && errno != EPERM) fail("setgroups", {0});
  check(setresgid(gid, gid, gid), "setresgid", {gid});
  check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl", {Word{"PR_SET_KEEPCAPS"}, 1});
  check(setresuid(uid, uid, uid), "setresuid", {uid});
}

}  // namespace orlop::kernel
