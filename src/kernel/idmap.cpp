#include "orlop/kernel/idmap.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

std::string lines_of(std::vector<IdRange> const& ranges) {
  std::string text;
  for (auto const& range : ranges) text += concat({range.inside, " ", range.outside, " ", range.size, "\n"});
  return text;
}

// It only holds the namespace until that is open, and goes with us should we die before.
Child holder() {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  pid_t const parent = getpid();
  long const pid = check(syscall(SYS_clone3, &arguments, sizeof arguments), "clone3", {Word{"CLONE_NEWUSER"}});
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) pause();
    _exit(0);
  }
  return Child{static_cast<pid_t>(pid), Fd{pidfd}};
}

}  // namespace

Fd new_user_namespace(IdMap const& map) {
  Child const child = holder();
  std::string const directory = concat({"/proc/", child.pid()});
  file::write_existing(directory + "/uid_map", lines_of(map.uids));
  file::write_existing(directory + "/gid_map", lines_of(map.gids));
  return path::open_host(directory + "/ns/user", O_RDONLY);
}

void map_ids(int mount, IdMap const& map, std::string const& shown) {
  Fd const space = new_user_namespace(map);
  mount_attr wanted{};
  wanted.attr_set = MOUNT_ATTR_IDMAP;
  wanted.userns_fd = static_cast<std::uint64_t>(static_cast<int>(space));
  unsigned const flags = AT_EMPTY_PATH | (map.recursive ? unsigned{AT_RECURSIVE} : 0);
  if (syscall(SYS_mount_setattr, mount, "", flags, &wanted, sizeof wanted) == 0) return;
  int const code = errno;
  Error error{code, call_text("mount_setattr", {shown, orlop::Word{"MOUNT_ATTR_IDMAP"}})};
  if (code != EINVAL) throw error;
  throw std::move(error).with_hint("the file system of the source does not allow mapped ids on this kernel");
}

}  // namespace orlop::kernel
