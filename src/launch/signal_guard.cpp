#include "orlop/launch/signal_guard.hpp"

#include "orlop/base/error.hpp"

#include <cstring>
#include <sys/signalfd.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

constexpr int never_blocked[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS,
                                 SIGFPE,  SIGILL,  SIGTRAP, SIGSYS,  SIGABRT};
constexpr int interrupting[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

Fd descriptor_for(sigset_t const& set) {
  return Fd{check(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

}  // namespace

SignalGuard::SignalGuard() {
  // A caller that ignores SIGCHLD would have the kernel reap our children, and their exit codes with them.
  signal(SIGCHLD, SIG_DFL);
  sigfillset(&blocked_);
  for (int const one : never_blocked) sigdelset(&blocked_, one);
  check(sigprocmask(SIG_SETMASK, &blocked_, &before_), "sigprocmask");
  sigset_t set;
  sigemptyset(&set);
  for (int const one : interrupting) sigaddset(&set, one);
  interruption_ = descriptor_for(set);
}

SignalGuard::~SignalGuard() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

void SignalGuard::check_interruption(char const* before_what) const {
  signalfd_siginfo info;
  if (read(interruption_, &info, sizeof info) != sizeof info) return;
  int const number = static_cast<int>(info.ssi_signo);
  throw Error::refusal(concat({"interrupted by SIG", sigabbrev_np(number), " before ", before_what}))
      .with_exit_status(128 + number);
}

Fd SignalGuard::all() const { return descriptor_for(blocked_); }

}  // namespace orlop::launch
