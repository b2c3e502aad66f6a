#include "orlop/kernel/namespace.hpp"

#include "orlop/base/error.hpp"

#include <csignal>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

struct Word {
  std::uint64_t flag;
  char const* text;
};
constexpr Word words[] = {
    {CLONE_NEWUSER, "CLONE_NEWUSER"}, {CLONE_NEWPID, "CLONE_NEWPID"}, {CLONE_NEWNS, "CLONE_NEWNS"},
    {CLONE_NEWUTS, "CLONE_NEWUTS"},   {CLONE_NEWIPC, "CLONE_NEWIPC"}, {CLONE_NEWNET, "CLONE_NEWNET"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {CLONE_NEWTIME, "CLONE_NEWTIME"}, {CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP"},
};

std::string names_of(std::uint64_t flags) {
  std::string text;
  for (auto const& word : words)
    if (flags & word.flag) text += concat({text.empty() ? "" : "|", word.text});
  return text.empty() ? "0" : text;
}

}  // namespace

std::optional<Child> clone_into(std::uint64_t namespaces, int cgroup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  long const pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) fail("clone3", {orlop::Word{names_of(arguments.flags)}});
  if (pid == 0) return std::nullopt;
  return Child{static_cast<pid_t>(pid), Fd{pidfd}};
}

void unshare_namespaces(std::uint64_t namespaces) {
  check(unshare(static_cast<int>(namespaces)), "unshare", {orlop::Word{names_of(namespaces)}});
}

}  // namespace orlop::kernel
