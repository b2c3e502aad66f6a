#include "orlop/kernel/join.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool is_apart(pid_t pid, char const* file) {
  struct stat ours, theirs;
  if (!try_stat(concat({"/proc/self/ns/", file}), ours)) return false;
  std::string const path = concat({"/proc/", pid, "/ns/", file});
  if (!try_stat(path, theirs)) fail(ESRCH, "stat", {path});
  return ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev;
}

std::uint64_t known_to_kernel(std::uint64_t kinds) {
  for (auto const& row : rows)
    if (kinds & row.kind && access(concat({"/proc/self/ns/", row.file}).c_str(), F_OK) < 0) kinds &= ~row.kind;
  return kinds;
}

}  // namespace

std::uint64_t namespaces_to_join(pid_t pid, bool may_join_own) {
  bool const has_other_user = is_apart(pid, "user");
  // To look at the files of each kind costs more than to join them all.
  bool const joins_all = !has_other_user && may_join_own;
  std::uint64_t kinds = has_other_user ? CLONE_NEWUSER : 0;
  for (auto const& row : rows)
    if (row.kind != CLONE_NEWUSER && (joins_all || is_apart(pid, row.file))) kinds |= row.kind;
  return kinds;
}

void join_process(int pidfd, std::uint64_t kinds) {
  if (setns(pidfd, static_cast<int>(kinds)) == 0) return;
  // EINVAL also means a kind that this kernel does not have.
  auto const known = errno == EINVAL ? known_to_kernel(kinds) : kinds;
  if (known == 0) return;
  check(setns(pidfd, static_cast<int>(known)), "setns", {Word{"the container's init"}, Word{names_of(known)}});
}

}  // namespace orlop::kernel
