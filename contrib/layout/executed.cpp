// executed: which instructions of a static program are executed, by it and by the processes that it makes, until they
// execute another program. Each is stepped through with ptrace(2).
//
//   executed OUTPUT PROGRAM [ARG]...
//
// OUTPUT gets a line for each address from the beginning of the image on: "OFFSET parent|child|both", in hexadecimal. The
// exit status is that of PROGRAM; whoever is left then ends with us. It takes some 50 µs an instruction: see contrib/layout/renew.
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace {

constexpr unsigned by_parent = 1, by_child = 2;
constexpr std::size_t largest_image = 64 * 1024 * 1024;

[[noreturn]] void fail(char const* what) {
  std::fprintf(stderr, "executed: %s: %s\n", what, std::strerror(errno));
  std::exit(125);
}

pid_t start(char** command) {
  pid_t const pid = fork();
  if (pid != 0) return pid;
  personality(ADDR_NO_RANDOMIZE);
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  execv(command[0], command);
  fail(command[0]);
}

std::uintptr_t image_of(pid_t pid, char const* program) {
  std::FILE* const maps = std::fopen(("/proc/" + std::to_string(pid) + "/maps").c_str(), "re");
  if (!maps) fail("maps");
  char line[4096];
  std::uintptr_t base = 0;
  while (!base && std::fgets(line, sizeof line, maps))
    if (std::strstr(line, program)) base = std::strtoul(line, nullptr, 16);
  std::fclose(maps);
  return base;
}

class Steps {
public:
  Steps(char const* program, pid_t first) : program_{program}, first_{first}, seen_(largest_image) {}

  // The wait status of the first process.
  int follow() {
    long const options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status = 0;
    if (waitpid(first_, &status, 0) < 0 || ptrace(PTRACE_SETOPTIONS, first_, nullptr, options) < 0) fail("ptrace");
    ptrace(PTRACE_CONT, first_, nullptr, nullptr);
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
      if (WIFSTOPPED(status)) go_on(pid, status);
      else if (pid == first_) break;
    }
    return status;
  }

  void write(std::FILE* output) const {
    constexpr char const* words[] = {"", "parent", "child", "both"};
    for (std::size_t i = 0; i < seen_.size(); ++i)
      if (seen_[i]) std::fprintf(output, "%zx %s\n", i, words[seen_[i]]);
  }

private:
  void go_on(pid_t pid, int status) {
    int const signal = WSTOPSIG(status);
    unsigned const event = static_cast<unsigned>(status) >> 16;
    bool const is_new = known_.insert(pid).second && pid != first_;
    if (event == PTRACE_EVENT_EXEC && base_) {  // another program: not our image any more
      ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
      return;
    }
    if (event == PTRACE_EVENT_EXEC) base_ = image_of(pid, program_);
    if (signal == SIGTRAP && !event && !is_new) note(pid);
    bool const is_passed_on = !event && !is_new && signal != SIGTRAP && signal != SIGSTOP;
    ptrace(PTRACE_SINGLESTEP, pid, nullptr, static_cast<long>(is_passed_on ? signal : 0));
  }

  void note(pid_t pid) {
    __ptrace_syscall_info where{};  // the same on every machine, whether it is in a system call or not
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof where, &where) < 0) fail("PTRACE_GET_SYSCALL_INFO");
    std::uintptr_t const offset = static_cast<std::uintptr_t>(where.instruction_pointer) - base_;
    if (offset < seen_.size()) seen_[offset] |= static_cast<unsigned char>(pid == first_ ? by_parent : by_child);
  }

  char const* program_;
  pid_t first_;
  std::uintptr_t base_ = 0;
  std::set<pid_t> known_;
  std::vector<unsigned char> seen_;
};

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fputs("usage: executed OUTPUT PROGRAM [ARG]...\n", stderr);
    return 125;
  }
  Steps steps{words[2], start(words + 2)};
  int const status = steps.follow();
  std::FILE* const output = std::fopen(words[1], "we");
  if (!output) fail(words[1]);
  steps.write(output);
  if (std::fclose(output) != 0) fail(words[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
