#include "orlop/kernel/credential.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace orlop::kernel {

void become(Credentials const& who) {
  if (!who.keep_groups) check(setgroups(who.groups.size(), who.groups.data()), "setgroups", {who.groups.size()});
  check(setresgid(who.gid, who.gid, who.gid), "setresgid", {who.gid});
  check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl", {Word{"PR_SET_KEEPCAPS"}, 1});
  check(setresuid(who.uid, who.uid, who.uid), "setresuid", {who.uid});
  check(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), "prctl", {Word{"PR_SET_KEEPCAPS"}, 0});
}

void own_stdio(uid_t uid, gid_t gid) {
  for (int fd = 0; fd <= 2; ++fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) continue;  // closed by the caller
    bool const is_null = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
    if ((status.st_uid == uid && status.st_gid == gid) || is_null || isatty(fd)) continue;
    // EINVAL: no such id here; EPERM: not ours; EROFS; EOPNOTSUPP: a kind of file without an owner. As runc and crun do.
    if (fchown(fd, uid, gid) < 0 && errno != EINVAL && errno != EPERM && errno != EROFS && errno != EOPNOTSUPP)
      fail("fchown", {fd, uid, gid});
  }
}

}  // namespace orlop::kernel
