// The signals of a command that makes a container: blocked from its start, so that none is lost and none ends it half
// way; read from a descriptor where we wait. signalfd(2).
//
//   until the container is made   HUP, INT, QUIT and TERM end the command: everything is rolled back. Others wait.
//   in a foreground run           all go to the container's init, but for the ones below.
//   never forwarded               CHLD (ours), WINCH (the terminal gets the new size instead), PIPE (our own writes),
//                                 TSTP, TTIN, TTOU and CONT (job control of the shell that started us: the container
//                                 has a session of its own), KILL and STOP (nobody can), and what a program does to
//                                 itself (SEGV, BUS, FPE, ILL, TRAP, SYS, ABRT).
// A signal that the caller ignores (nohup) stays ignored: it is neither an interruption nor forwarded.
#pragma once
#include "orlop/base/fd.hpp"

#include <csignal>

namespace orlop::launch {

class SignalGuard {
public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(SignalGuard const&) = delete;
  SignalGuard& operator=(SignalGuard const&) = delete;

  // Readable when one of HUP, INT, QUIT, TERM has come.
  int interruption() const { return interruption_; }
  // Throws the Error of a command that was interrupted "before ..." (exit status 128 + N), if one has come.
  void check_interruption(char const* before_what) const;
  // A descriptor from which every blocked signal can be read (signalfd_siginfo).
  Fd all() const;

private:
  sigset_t blocked_, before_;
  Fd interruption_;
};

}  // namespace orlop::launch
