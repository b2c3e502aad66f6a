#include "orlop/kernel/namespace.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

struct Word {
  std::uint64_t flag;
  char const* text;
  char const* file;  // in /proc/PID/ns
};
constexpr Word words[] = {
    {CLONE_NEWUSER, "CLONE_NEWUSER", "user"}, {CLONE_NEWPID, "CLONE_NEWPID", "pid"},
    {CLONE_NEWNS, "CLONE_NEWNS", "mnt"},      {CLONE_NEWUTS, "CLONE_NEWUTS", "uts"},
    {CLONE_NEWIPC, "CLONE_NEWIPC", "ipc"},    {CLONE_NEWNET, "CLONE_NEWNET", "net"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "cgroup"}, {CLONE_NEWTIME, "CLONE_NEWTIME", "time"},
    {CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP", ""},  {CLONE_PARENT, "CLONE_PARENT", ""},
};

std::string names_of(std::uint64_t flags) {
  std::string text;
  for (auto const& word : words)
    if (flags & word.flag) text += concat({text.empty() ? "" : "|", word.text});
  return text.empty() ? "0" : text;
}

bool is_spent(char const* kind) {
  try {
    return file::read(concat({"/proc/sys/user/max_", kind, "_namespaces"})) == "0\n";
  } catch (Error const&) {
    return false;
  }
}

// What is known of the cause: a kind that this kernel was built without, or a limit of namespaces(7).
std::string cause_of(int code, std::uint64_t flags) {
  for (auto const& word : words) {
    if (!(flags & word.flag) || !*word.file) continue;
    if (code == EINVAL && access(concat({"/proc/self/ns/", word.file}).c_str(), F_OK) < 0)
      return concat({"this kernel has no ", word.file, " namespaces"});
    if (code == ENOSPC && is_spent(word.file)) return concat({"/proc/sys/user/max_", word.file, "_namespaces is 0"});
  }
  return code == ENOSPC ? "too many of them, or nested too deeply: /proc/sys/user/max_*_namespaces, namespaces(7)" : "";
}

Error refusal_of(char const* call, std::uint64_t flags) {
  int const code = errno;
  Error error{code, call_text(call, {orlop::Word{names_of(flags)}})};
  return std::move(error).with_hint(cause_of(code, flags));
}

}  // namespace

std::optional<Child> clone_into(std::uint64_t namespaces, int cgroup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = namespaces & CLONE_PARENT ? 0 : SIGCHLD;  // then it is the one that we have
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  long const pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) throw refusal_of("clone3", arguments.flags);
  if (pid == 0) return std::nullopt;
  return Child{static_cast<pid_t>(pid), Fd{pidfd}};
}

void unshare_namespaces(std::uint64_t namespaces) {
  if (unshare(static_cast<int>(namespaces)) < 0) throw refusal_of("unshare", namespaces);
}

char const* namespace_file(std::uint64_t kind) {
  for (auto const& word : words)
    if (word.flag == kind) return word.file;
  return "";
}

Fd open_namespace(std::string const& path, std::uint64_t kind) {
  int const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Fd fd{check(retry([&] { return open(path.c_str(), flags); }), "open", {path})};
  int const found = ioctl(fd, NS_GET_NSTYPE);
  if (found < 0) throw Error::refusal(concat({path, " is no namespace"}));
  if (static_cast<unsigned>(found) != kind)
    throw Error::refusal(concat({path, " is a namespace of another kind (", namespace_file(static_cast<unsigned>(found)), ")"}));
  return fd;
}

void join_namespace(int fd, std::uint64_t kind) {
  check(setns(fd, static_cast<int>(kind)), "setns", {orlop::Word{names_of(kind)}});
}

void ChildrenElsewhere::enter(int fd, std::uint64_t kind) {
  std::string const own = concat({"/proc/self/ns/", namespace_file(kind), kind == CLONE_NEWPID ? "_for_children" : ""});
  Fd home{check(open(own.c_str(), O_RDONLY | O_CLOEXEC), "open", {own})};
  if (setns(fd, static_cast<int>(kind)) == 0) {
    homes_.push_back({kind, std::move(home)});
    return;
  }
  Error error{errno, call_text("setns", {orlop::Word{names_of(kind)}})};
  if (error.code() != EINVAL || kind != CLONE_NEWPID) throw error;
  throw std::move(error).with_hint("a pid namespace can be joined only from itself or from one above it");
}

ChildrenElsewhere::~ChildrenElsewhere() {
  if (owner_ != getpid()) return;
  for (auto const& home : homes_) setns(home.fd, static_cast<int>(home.kind));
}

void ChildrenElsewhere::end() {
  for (auto const& home : homes_) join_namespace(home.fd, home.kind);
  homes_.clear();
}

}  // namespace orlop::kernel
