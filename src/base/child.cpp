#include "orlop/base/child.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orlop {

namespace {

// A killed process ends at once, unless a freezer of cgroup version 1 holds it: that one dies when it is let go, and the
// caller's subreaper reaps it.
bool is_over_soon(int pidfd) noexcept {
  constexpr int patience_ms = 2000;
  pollfd ended{pidfd, POLLIN, 0};
  return retry([&] { return poll(&ended, 1, patience_ms); }) != 0;
}

}  // namespace

Child::Child(pid_t pid, Fd pidfd) : pid_{pid}, owner_{getpid()}, pidfd_{std::move(pidfd)} {}

Child::Child(Child&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}, owner_{other.owner_}, pidfd_{std::move(other.pidfd_)} {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, 0);
    owner_ = other.owner_;
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Child::~Child() { end(); }

void Child::end() noexcept {
  if (pid_ <= 0 || owner_ != getpid()) return;
  // By descriptor where there is one: with SIGCHLD ignored the kernel reaps, and the number may be another's by now.
  if (pidfd_.is_open())
    process::try_signal(pidfd_, SIGKILL);
  else
    kill(pid_, SIGKILL);
  if (!pidfd_.is_open() || is_over_soon(pidfd_)) retry([&] { return waitpid(pid_, nullptr, 0); });
  pid_ = 0;
}

int Child::reap() {
  int status = 0;
  check(retry([&] { return waitpid(pid_, &status, 0); }), "waitpid", {pid_});
  pid_ = 0;
  pidfd_.reset();
  return status;
}

pid_t Child::release() {
  pidfd_.reset();
  return std::exchange(pid_, 0);
}

namespace process {

std::optional<Fd> try_pidfd(pid_t pid) {
  long const fd = syscall(SYS_pidfd_open, pid, 0);
  if (fd >= 0) return Fd{static_cast<int>(fd)};
  if (errno == ESRCH || errno == EINVAL) return std::nullopt;
  fail("pidfd_open", {pid});
}

namespace {

// Mounted with "hidepid" procfs says ENOENT of a process that we may not look into, such as our own before its execve.
void refuse_hidden(pid_t pid) {
  if (kill(pid, 0) < 0 || !is_proc_ours()) return;
  auto error = Error::refusal(concat({"/proc hides process ", pid, " (mount option hidepid)"}));
  throw std::move(error).with_hint("the mount option gid of /proc names a group that sees every process");
}

}  // namespace

std::optional<Identity> try_identity(pid_t pid) {
  std::string const path = concat({"/proc/", pid, "/stat"});
  Fd const fd{retry([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); })};
  // Any other failure must not look like an absent process: its container would be deleted under it.
  if (!fd.is_open() && errno != ENOENT) fail("open", {path});
  if (!fd.is_open()) return refuse_hidden(pid), std::nullopt;
  char text[1024];
  ssize_t const got = retry([&] { return ::read(fd, text, sizeof text); });
  if (got < 0 && errno != ESRCH) fail("read", {path});
  if (got <= 0) return std::nullopt;
  // The name in parentheses may hold anything: fields are counted behind the last ')'.
  std::string_view const all{text, static_cast<std::size_t>(got)};
  auto const fields = split(all.substr(std::min(all.rfind(')') + 2, all.size())), ' ');
  if (fields.size() < 37) return std::nullopt;
  auto const start = whole_number(fields[19]), processor = whole_number(fields[36]);
  if (!start || !processor || fields[0].empty()) return std::nullopt;
  return Identity{*start, fields[0][0], static_cast<unsigned>(*processor)};
}

bool is_proc_ours() {
  char text[16];
  ssize_t const length = readlink("/proc/self", text, sizeof text);
  return length > 0 && whole_number({text, static_cast<std::size_t>(length)}) == static_cast<std::uint64_t>(getpid());
}

int try_signal(int pidfd, int signal) noexcept {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) < 0 ? errno : 0;
}

bool wait_for_end(int pidfd, int milliseconds) {
  pollfd ended{pidfd, POLLIN, 0};
  return check(retry([&] { return poll(&ended, 1, milliseconds); }), "poll", {pidfd}) > 0;
}

int exit_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace process
}  // namespace orlop
