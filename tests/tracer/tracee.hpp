// A stopped process, by ptrace(2): its call, its memory, its files.
#pragma once
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace tracer {

// At the entry of a call or at its exit.
struct Stop {
  bool is_entry = false;
  long number = -1;
  std::uint64_t arguments[6] = {};
  std::int64_t result = 0;
};

Stop stop_of(pid_t pid);
// At the entry: the kernel does nothing. At the exit: this is what it answers.
void skip_call(pid_t pid);
void set_result(pid_t pid, std::int64_t result);
std::string text_at(pid_t pid, std::uint64_t address);
// What /proc/PID/NAME links to; empty: nothing.
std::string link_of(pid_t pid, std::string const& name);

}  // namespace tracer
