// Processes that we made, or that we must not mistake for others. pidfd_open(2), clone(2), proc_pid_stat(5).
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace orlop {

// A child, killed and reaped when it goes out of scope, unless released (or frozen, and so not to be reaped). The guard
// remembers which process made it: in the child of a clone it does nothing.
class Child {
public:
  Child() = default;
  Child(pid_t pid, Fd pidfd);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_; }
  // Waits for the end: the status as waitpid(2) gives it. The child is gone then.
  int reap();
  // The caller's subreaper inherits it.
  pid_t release();

private:
  void end() noexcept;
  pid_t pid_ = 0;
  pid_t owner_ = 0;
  Fd pidfd_;
};

namespace process {

// nullopt: no such process (or a zombie that nobody has reaped).
std::optional<Fd> try_pidfd(pid_t pid);
// In clock ticks since boot: with the pid, a process's identity. nullopt: no such process. A zombie has one.
struct Identity {
  std::uint64_t start_time = 0;
  char state = '?';
  unsigned processor = 0;  // which it runs on, or waits for
  bool is_alive() const { return state != 'Z' && state != 'X'; }
};
// Nothing: there is no such process. An Error if there is one, and /proc hides it.
std::optional<Identity> try_identity(pid_t pid);
// The numbers in /proc are those of our own pid namespace.
bool is_proc_ours();
// 0 or errno. SIGKILL to a dead process is ESRCH.
int try_signal(int pidfd, int signal) noexcept;
// False: still alive after that many milliseconds.
bool wait_for_end(int pidfd, int milliseconds);
// The exit code that a shell shows: the code, or 128 + the signal's number.
int exit_code(int wait_status);

}  // namespace process
}  // namespace orlop
