#include "orlop/launch/supervise.hpp"

#include "relay.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <optional>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

class Supervisor {
public:
  Supervisor(Child& init, Fd terminal, SignalGuard const& signals, std::optional<Notifier> notifier)
      : init_{init}, signals_{signals.all()}, notifier_{std::move(notifier)} {
    if (terminal.is_open()) relay_.emplace(std::move(terminal));
  }

  int run() {
    while (!status_) step();
    if (notifier_) hand_on_the_rest();
    if (relay_) relay_->finish();
    init_.release();
    return process::exit_code(*status_);
  }

private:
  // What it has said before it ended: STOPPING=1.
  void hand_on_the_rest() {
    for (pollfd waiting{notifier_->fd(), POLLIN, 0}; poll(&waiting, 1, 0) > 0;) notifier_->hand_on(init_.pid());
  }

  void step() {
    pollfd waiting[3] = {{-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
    if (relay_) relay_->prepare(waiting);
    pollfd all[5] = {waiting[0], waiting[1], waiting[2], {signals_, POLLIN, 0}, {notifier_ ? notifier_->fd() : -1, POLLIN, 0}};
    check(retry([&] { return poll(all, 5, -1); }), "poll");
    for (int i = 0; i < 3; ++i) waiting[i] = all[i];
    if (all[4].revents) notifier_->hand_on(init_.pid());
    if (all[3].revents) read_signals();
    if (relay_) relay_->proceed(waiting);
  }

  void read_signals() {
    signalfd_siginfo info;
    while (read(signals_, &info, sizeof info) == sizeof info) {
      int const signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGCHLD)
        reap();
      else if (signal == SIGWINCH && relay_)
        relay_->resize();
      else if (signal != SIGPIPE && signal != SIGWINCH)
        process::try_signal(init_.pidfd(), signal);  // ESRCH: it ends as we speak, and SIGCHLD follows
    }
  }

  // All that have ended: one SIGCHLD may stand for many, and as pid 1 we inherit orphans.
  void reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == init_.pid()) status_ = status;
  }

  Child& init_;
  Fd signals_;
  std::optional<Notifier> notifier_;
  std::optional<Relay> relay_;
  std::optional<int> status_;
};

}  // namespace

int supervise(Child& init, Fd terminal, SignalGuard const& signals, std::optional<Notifier> notifier) {
  return Supervisor{init, std::move(terminal), signals, std::move(notifier)}.run();
}

}  // namespace orlop::launch
