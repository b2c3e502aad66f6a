#include "orlop/kernel/attribute.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/securebits.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

void reset_signals() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  // glibc hides its own two real-time signals (32 and 33), which it never ignores; EINVAL for them and for SIGKILL.
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_DFL) sigaction(signal, &usual, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  check(sigprocmask(SIG_SETMASK, &none, nullptr), "sigprocmask");
}

void reset_process_attributes() {
  prctl(PR_SET_TIMERSLACK, 50'000, 0, 0, 0);  // the first process's; 0 would mean what our parent had when it forked
  check(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), "prctl", {Word{"PR_SET_CHILD_SUBREAPER"}, 0});
  if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0) prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
  if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != SECUREBITS_DEFAULT)
    check(prctl(PR_SET_SECUREBITS, SECUREBITS_DEFAULT, 0, 0, 0), "prctl", {Word{"PR_SET_SECUREBITS"}, 0});
}

void set_personality(unsigned long persona) { check(personality(persona), "personality", {persona}); }

void set_umask(mode_t mask) { umask(mask); }

void set_no_new_privileges() { check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", {Word{"PR_SET_NO_NEW_PRIVS"}, 1}); }

void die_with_parent() { check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", {Word{"PR_SET_PDEATHSIG"}, 9}); }

void outlive_parent() { check(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0), "prctl", {Word{"PR_SET_PDEATHSIG"}, 0}); }

void set_dumpable(bool value) { check(prctl(PR_SET_DUMPABLE, value, 0, 0, 0), "prctl", {Word{"PR_SET_DUMPABLE"}, int{value}}); }

bool is_inherited(int fd) {
  int const flags = fcntl(fd, F_GETFD);
  return flags >= 0 && !(flags & FD_CLOEXEC);
}

namespace {

void close_between(std::span<int const> kept, unsigned flags) {
  unsigned first = 3;
  for (int const fd : kept) {
    if (fd < 3) continue;
    auto const number = static_cast<unsigned>(fd);
    if (number > first) check(syscall(SYS_close_range, first, number - 1, flags), "close_range", {first, number - 1});
    first = number + 1;
  }
  check(syscall(SYS_close_range, first, ~0U, flags), "close_range", {first});
}

}  // namespace

void close_all_but(std::span<int const> kept) { close_between(kept, 0); }

void close_on_exec_but(std::span<int const> kept) { close_between(kept, CLOSE_RANGE_CLOEXEC); }

void new_session() {
  // EPERM: already the leader of a session or group (orlop as somebody's session leader never is: it was cloned).
  if (setsid() < 0 && errno != EPERM) fail("setsid", {});
}

void change_directory_inside(char const* path) {
  check(chdir(path), "chdir", {path});
  char now[PATH_MAX];
  // Outside of the root the kernel answers "(unreachable)/…", and ENOENT for a directory of a mount that is gone.
  long const length = syscall(SYS_getcwd, now, sizeof now);
  if (length < 0) fail("getcwd", {path});
  if (now[0] != '/') throw Error::refusal(concat({"working directory \"", path, "\" is outside of the container's root"}));
}

}  // namespace orlop::kernel
