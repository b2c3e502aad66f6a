// From a finished root to the program: everything that a process has beside its file systems. Shared by init and (later)
// exec. What the program gets of each attribute that it would inherit from orlop's caller:
//
//   attribute                            the program gets
//   signal mask, dispositions            none blocked, all default
//   umask                                process.user.umask, else 0022
//   uids, gids, groups                   process.user; the caller's groups only by run.oci.keep_original_groups
//   capabilities, securebits             process.capabilities (none if absent); securebits as at boot
//   no_new_privs                         process.noNewPrivileges (one that is set already stays)
//   seccomp filter                       linux.seccomp, and those that the caller is under
//   resource limits                      process.rlimits; the others as the caller has them
//   session, controlling terminal        a new session; the container's terminal, or none
//   descriptors                          0, 1 and 2 (the terminal's, or the caller's)
//   working directory, root              process.cwd, proven to be inside; the container's root
//   session keyring                      a new one (the caller's with --no-new-keyring)
//   environment                          process.env, and HOME if it has none
//   parent-death signal, subreaper       none
//   dumpable                             as execve sets it; before that, nobody in the container can look into us
//   personality                          linux.personality, else the kernel's own
//   timer slack, THP                     the system's default
//   AppArmor profile, SELinux label      process.apparmorProfile and selinuxLabel, else as the policy says
//   nice, scheduler, io priority         process.scheduler and ioPriority, else the caller's
//   memory policy, oom score adjustment  linux.memoryPolicy and process.oomScoreAdj, else the caller's
//   affinity, coredump filter            the caller's
//   descriptors from 3 on                none but those of LISTEN_FDS and --preserve-fds
//
// The filter is loaded last of all, with nothing but execve behind it: a profile needs to allow what the program calls,
// not what we call, and hooks are not under it. Without no_new_privs the kernel wants CAP_SYS_ADMIN for that, which most
// programs are not to have. So it stays in the permitted and effective sets until execve, which computes both anew from
// the file and the bounding, inheritable and ambient sets, and never from what they were: capabilities(7).
#pragma once
#include "orlop/base/error.hpp"
#include "orlop/launch/last_words.hpp"
#include "orlop/plan/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace orlop::launch {

// process.scheduler and process.ioPriority of a process (0: of ours). Better than what it has needs a capability.
void take_on_priorities(plan::Process const& process, pid_t pid);

// process.apparmorProfile and selinuxLabel, for the next execve: hooks that run between have them, too. Where /proc is the
// host's, and behind the last fork: a file there takes the write from its opener alone.
void take_on_labels(plan::Process const& process);

// As root of the container's user namespace, "/" is the container's root: session, limits, bounding set, user, working
// directory. Capabilities are kept in the permitted set, for execute().
void take_on(plan::Process const& process);

// Those of the caller that the program gets, ascending: where the caller had left one out, ours may have that number.
std::vector<int> kept_descriptors(plan::Process const& process);

// The file that args[0] means, by the container's PATH, seen with the container's user. Fails with the words that
// engines look for: "executable file not found in $PATH", "no such file or directory", "permission denied".
std::string find_executable(plan::Process const& process);

// All that execve needs, made beforehand: behind the last say nothing is allocated and nothing thrown.
class Execution {
public:
  Execution(plan::Process const& process, std::string file);
  // The last settings, in the order that the kernel wants: no_new_privs, capabilities.
  void settle() const;
  // To go beside the word `executing`; -1: none.
  int last_words() const { return last_words_ ? last_words_->file() : -1; }
  // The filter, then the program. Under the filter no system call is sure to be made but execve.
  [[noreturn]] void execute(int channel) const;

private:
  void enter_filter(int channel) const;
  Error failure(int code) const;
  plan::Process const& process_;
  std::string file_;
  std::string home_, listen_fds_, listen_pid_;
  std::vector<char*> args_, env_;
  std::optional<LastWords> last_words_;  // with a filter
};

}  // namespace orlop::launch
