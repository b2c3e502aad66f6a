#include "child.hpp"

#include "catch.hpp"
#include "outcome.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace harness {

namespace {

constexpr int patience_ms = 20'000;

// The report of a child: 'f' and what failed, 's' and why it was skipped, '.' when all is well.
std::string report_of(std::function<void()> const& body) {
  outcome() = {};
  try {
    body();
  } catch (Catch::TestFailureException const&) {
  } catch (std::exception const& error) {
    outcome().failures += std::string{"    exception: "} + error.what() + "\n";
  } catch (...) {
    outcome().failures += "    an exception of unknown type\n";
  }
  if (!outcome().failures.empty()) return "f" + outcome().failures;
  if (outcome().is_skipped) return "s" + outcome().skip_reason;
  return ".";
}

[[noreturn]] void run(int report, std::function<void()> const& body) {
  // Catch's own handlers, and what the caller of the tests may have ignored.
  constexpr int spoilt[] = {SIGINT, SIGILL, SIGFPE, SIGSEGV, SIGTERM, SIGABRT, SIGPIPE, SIGCHLD};
  for (int const number : spoilt) signal(number, SIG_DFL);
  std::string const text = report_of(body);
  bool const sent = write(report, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(sent ? 0 : 125);
}

// A grandchild may hold the pipe open: the end of the child ends the reading.
std::string read_all(int report) {
  std::string text;
  char part[4096];
  for (ssize_t got; (got = read(report, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(got));
  return text;
}

std::string end_of(int status) {
  if (WIFSIGNALED(status)) return "the child was ended by signal " + std::to_string(WTERMSIG(status));
  return "the child ended without a report, status " + std::to_string(WEXITSTATUS(status));
}

// Waits for the child's end. It cannot fill the pipe before: reports are short, and the pipe is made large.
void wait_for(pid_t child, int report) {
  int const pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  pollfd ended{pidfd, POLLIN, 0};
  bool const in_time = poll(&ended, 1, patience_ms) > 0;
  close(pidfd);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  std::string const text = read_all(report);
  close(report);
  if (!in_time) FAIL_CHECK("the child took more than 20 s");
  if (text.empty()) FAIL_CHECK(end_of(status));
  else if (text[0] == 'f') FAIL_CHECK("in the child:\n" + text.substr(1));
  else if (text[0] == 's') skip(text.substr(1));
}

}  // namespace

void in_child(std::function<void()> const& body) {
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC | O_NONBLOCK) == 0);
  fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20);
  pid_t const child = fork();
  REQUIRE(child >= 0);
  if (child == 0) run(pipes[1], body);
  close(pipes[1]);
  wait_for(child, pipes[0]);
}

void in_private_mounts(std::function<void(std::string const& scratch)> const& body) {
  char path[] = "/tmp/orlop-test.XXXXXX";
  REQUIRE(mkdtemp(path) != nullptr);
  struct Removed {
    char const* name;
    ~Removed() { rmdir(name); }  // nothing is mounted on it in this namespace
  } const removed{path};
  in_child([&] {
    if (unshare(CLONE_NEWNS) < 0) skip(std::string{"no mount namespace of its own: "} + std::strerror(errno));
    REQUIRE(mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    REQUIRE(mount("scratch", path, "tmpfs", 0, "mode=755") == 0);
    body(path);
  });
}

}  // namespace harness
