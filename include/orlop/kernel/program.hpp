// A program run to its end: something on its standard input, what it writes kept in part, and a limit of time.
// execve(2), clone(2), setsid(2), pidfd_open(2).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orlop::kernel {

struct Program {
  std::string path;                         // as execve(2) takes it: no search, and links of /proc/PID/exe work
  std::vector<std::string> args, env;       // all of both: nothing is added
  std::string_view input;                   // what it reads on 0, then end of file; it need not read it
  std::string directory;                    // where it begins: "/" if that cannot be entered; empty: where we are
  std::optional<unsigned> timeout_seconds;  // then its whole process group is killed
  int output = -1, errors = -1;             // its 1 and 2; -1: the last part of what it writes there is kept
  int interruption = -1;                    // when this becomes readable its process group is killed
  void (*prepare)() = nullptr;              // called in the new process, in front of execve
};

enum class ProgramEnd { ended, timed_out, interrupted };

struct ProgramOutcome {
  ProgramEnd end = ProgramEnd::ended;
  int wait_status = 0;  // as waitpid(2) gives it
  std::string text;     // the last of what it wrote, at most program_text_size bytes
};

constexpr std::size_t program_text_size = 512;

// It gets a session of its own, descriptors 0, 1 and 2 and no other, and dies with us. What it leaves behind in the
// background may keep its descriptors open: we wait for the program itself only. SIGCHLD gets its default disposition,
// else the kernel would reap in our place. Error: the program cannot be executed.
ProgramOutcome run_program(Program const& program);

}  // namespace orlop::kernel
