#include "orlop/kernel/join.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

// Kernel 5.6; older headers lack it.
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace orlop::kernel {

namespace {

struct Row {
  std::uint64_t kind;
  char const* file;
};
constexpr Row rows[] = {
    {CLONE_NEWUSER, "user"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mnt"},        {CLONE_NEWUTS, "uts"},
    {CLONE_NEWIPC, "ipc"},   {CLONE_NEWNET, "net"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"},
};

std::string names_of(std::uint64_t kinds) {
  std::string text;
  for (auto const& row : rows)
    if (kinds & row.kind) text += concat({text.empty() ? "" : "|", row.file});
  return text;
}

// False: this kernel has no namespaces of that kind.
bool try_stat(std::string const& path, struct stat& status) {
  if (stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT) return false;
  fail("stat", {path});
}

}  // namespace

std::uint64_t namespaces_apart(pid_t pid) {
  std::uint64_t apart = 0;
  struct stat ours, theirs;
  for (auto const& row : rows) {
    if (!try_stat(concat({"/proc/self/ns/", row.file}), ours)) continue;
    std::string const path = concat({"/proc/", pid, "/ns/", row.file});
    if (!try_stat(path, theirs)) fail(ESRCH, "stat", {path});
    if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) apart |= row.kind;
  }
  return apart;
}

void join_process(int pidfd, std::uint64_t kinds) {
  check(setns(pidfd, static_cast<int>(kinds)), "setns", {Word{"the container's init"}, Word{names_of(kinds)}});
}

ChildrenBeside::ChildrenBeside(int pidfd) : before_{path::open_host("/proc/self/ns/pid", O_RDONLY)}, owner_{getpid()} {
  join_process(pidfd, CLONE_NEWPID);
}

ChildrenBeside::~ChildrenBeside() {
  if (before_.is_open() && owner_ == getpid()) setns(before_, CLONE_NEWPID);
}

}  // namespace orlop::kernel
