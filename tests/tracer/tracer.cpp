// Runs a program under ptrace(2), follows every process that it makes, and disturbs one system call of one of them:
//
//   tracer [OPTION...] -- PROGRAM ARGUMENT...
//     --log FILE       what was seen: see below
//     --list           log every call
//     --canary DIR     nobody may get at anything in there
//     --at P:N         the Nth call (from 1) of the Pth process (from 0, in the order of birth)
//     --swap A B       before that call the names A and B are exchanged: renameat2(2), RENAME_EXCHANGE
//     --back           ... and exchanged again behind it
//     --fail ERRNO     that call is not made (a close is), and fails so (a number)
//     --seconds S      then all of them are killed (default 20)
//
// A process that executes another program than PROGRAM is let go. The exit status is PROGRAM's, 128 + the signal that ended
// it, 124 when the time was up. The log has lines of words with tabs between them:
//
//   call P N NAME DIRECTORY PATH RESULT      DIRECTORY: that of the path's descriptor, or the working directory
//   violation P N NAME WHAT                  something in a canary was reached
//   disturbed P N NAME DIRECTORY PATH        --at has happened
#include "call.hpp"
#include "canary.hpp"
#include "tracee.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tracer {

namespace {

struct Wish {
  bool lists = false, goes_back = false;
  int process = -1;
  long call = -1;
  std::vector<std::pair<std::string, std::string>> swaps;
  int failure = 0;
  unsigned seconds = 20;
  std::string log;
  Canary canary;
  char** program = nullptr;
};

struct Process {
  int number = 0;
  long calls = 0;
  Stop entry;
  std::string directory, path;
  bool is_in_call = false, is_disturbed = false;
};

[[noreturn]] void give_up(std::string const& what) {
  std::fprintf(stderr, "tracer: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(125);
}

volatile sig_atomic_t is_time_up = 0;

class Trace {
public:
  explicit Trace(Wish& wish) : wish_{wish} {
    log_ = wish.log.empty() ? nullptr : std::fopen(wish.log.c_str(), "we");
    if (!wish.log.empty() && !log_) give_up(wish.log);
    if (stat(wish.program[0], &executable_) < 0) give_up(wish.program[0]);
  }

  int run() {
    begin();
    int status = 0;
    while (!is_over(status)) {
      if (is_time_up) return end(124);
    }
    return end(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }

private:
  void begin() {
    int go[2];
    if (pipe2(go, O_CLOEXEC) < 0) give_up("pipe");
    main_ = fork();
    if (main_ < 0) give_up("fork");
    if (main_ == 0) {
      char byte;
      while (read(go[0], &byte, 1) < 0) {
      }
      execv(wish_.program[0], wish_.program);
      _exit(127);
    }
    long const options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SEIZE, main_, 0, options) < 0) give_up("PTRACE_SEIZE");
    ptrace(PTRACE_INTERRUPT, main_, 0, 0);
    processes_[main_];
    if (write(go[1], "x", 1) != 1) give_up("write");
    close(go[0]);
    close(go[1]);
    struct sigaction action {};
    action.sa_handler = [](int) { is_time_up = 1; };
    sigaction(SIGALRM, &action, nullptr);
    alarm(wish_.seconds);
  }

  // One event; true: the program has ended.
  bool is_over(int& status) {
    pid_t const pid = waitpid(-1, &status, __WALL);
    if (pid < 0) {
      if (errno == EINTR) return false;
      give_up("waitpid");
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      processes_.erase(pid);
      return pid == main_;
    }
    if (!processes_.count(pid)) processes_[pid].number = born_++;
    go_on(pid, status);
    return false;
  }

  void go_on(pid_t pid, int status) {
    int const signal = WSTOPSIG(status), event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
      handle(pid, processes_[pid]);
      ptrace(PTRACE_SYSCALL, pid, 0, 0);
    } else if (event == PTRACE_EVENT_EXEC && is_other_program(pid)) {
      processes_.erase(pid);
      ptrace(PTRACE_DETACH, pid, 0, 0);
    } else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
      ptrace(PTRACE_LISTEN, pid, 0, 0);  // stopped as by a shell
    } else {
      ptrace(PTRACE_SYSCALL, pid, 0, event ? 0L : static_cast<long>(signal));
    }
  }

  bool is_other_program(pid_t pid) {
    struct stat status;
    std::string const path = "/proc/" + std::to_string(pid) + "/exe";
    return stat(path.c_str(), &status) < 0 || status.st_ino != executable_.st_ino || status.st_dev != executable_.st_dev;
  }

  void handle(pid_t pid, Process& process) {
    Stop const stop = stop_of(pid);
    if (stop.is_entry)
      enter(pid, process, stop);
    else if (process.is_in_call)
      leave(pid, process, stop);
  }

  void enter(pid_t pid, Process& process, Stop const& stop) {
    process.entry = stop;
    process.is_in_call = true;
    ++process.calls;
    process.is_disturbed = process.number == wish_.process && process.calls == wish_.call;
    if (wish_.lists || process.is_disturbed) read_path(pid, process);
    if (!process.is_disturbed) return;
    say("disturbed", process, process.directory + "\t" + process.path);
    exchange();
    // A close that fails has closed all the same: close(2).
    if (wish_.failure && stop.number != SYS_close) skip_call(pid);
  }

  void leave(pid_t pid, Process& process, Stop const& stop) {
    process.is_in_call = false;
    long const result = process.is_disturbed && wish_.failure ? -wish_.failure : static_cast<long>(stop.result);
    if (process.is_disturbed && wish_.failure) set_result(pid, result);
    look(pid, process, result);
    if (process.is_disturbed && wish_.goes_back) exchange();
    if (wish_.lists) say("call", process, process.directory + "\t" + process.path + "\t" + std::to_string(result));
  }

  void read_path(pid_t pid, Process& process) {
    process.directory.clear();
    process.path.clear();
    auto const* const call = path_call(process.entry.number);
    if (!call) return;
    int const fd = call->directory < 0 ? AT_FDCWD : static_cast<int>(process.entry.arguments[call->directory]);
    process.directory = link_of(pid, fd == AT_FDCWD ? "cwd" : "fd/" + std::to_string(fd));
    process.path = text_at(pid, process.entry.arguments[call->path]);
  }

  // What a call has given is looked at before anything else happens.
  void look(pid_t pid, Process& process, long result) {
    auto const* const call = path_call(process.entry.number);
    if (!call || result < 0) return;
    long const number = process.entry.number;
    std::string what;
    if (call->gives_descriptor) what = wish_.canary.reached_by(pid, "fd/" + std::to_string(result));
    if (number == SYS_chdir) what = wish_.canary.reached_by(pid, "cwd");
    if (number == SYS_chroot || number == SYS_pivot_root) what = wish_.canary.reached_by(pid, "root");
    if (number == SYS_mount || number == SYS_move_mount) what = wish_.canary.mounted_by(pid);
    if (!what.empty()) say("violation", process, what);
  }

  void exchange() {
    for (auto const& [one, other] : wish_.swaps) {
      constexpr unsigned rename_exchange = 2;
      if (syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), rename_exchange) < 0)
        give_up("renameat2 " + one);
    }
    is_exchanged_ = !is_exchanged_;
  }

  void say(char const* kind, Process const& process, std::string const& rest) {
    if (log_)
      std::fprintf(log_, "%s\t%d\t%ld\t%s\t%s\n", kind, process.number, process.calls, name_of(process.entry.number).c_str(),
                   rest.c_str());
  }

  int end(int status) {
    if (status == 124)
      for (auto const& [pid, process] : processes_) kill(pid, SIGKILL);
    if (is_exchanged_) exchange();
    if (log_) std::fclose(log_);
    return status;
  }

  Wish& wish_;
  std::FILE* log_ = nullptr;
  struct stat executable_ {};
  pid_t main_ = 0;
  int born_ = 1;
  bool is_exchanged_ = false;
  std::map<pid_t, Process> processes_;
};

Wish wish_of(char** words) {
  Wish wish;
  for (; *words; ++words) {
    std::string const word = *words;
    if (word == "--") {
      wish.program = words + 1;
      if (!*wish.program) break;
      return wish;
    }
    if (word == "--list") wish.lists = true;
    else if (word == "--back") wish.goes_back = true;
    else if (!words[1]) break;
    else if (word == "--log") wish.log = *++words;
    else if (word == "--canary") wish.canary.add(*++words);
    else if (word == "--fail") wish.failure = std::atoi(*++words);
    else if (word == "--seconds") wish.seconds = static_cast<unsigned>(std::atoi(*++words));
    else if (word == "--at") {
      if (std::sscanf(*++words, "%d:%ld", &wish.process, &wish.call) != 2) break;
    } else if (word == "--swap" && words[2]) {
      wish.swaps.emplace_back(words[1], words[2]);
      words += 2;
    } else break;
  }
  std::fprintf(stderr, "tracer: see the head of tracer.cpp\n");
  std::exit(125);
}

}  // namespace

}  // namespace tracer

int main(int, char** argv) {
  auto wish = tracer::wish_of(argv + 1);
  return tracer::Trace{wish}.run();
}
