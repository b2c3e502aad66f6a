#include "tracee.hpp"

#include <cstddef>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

namespace tracer {

Stop stop_of(pid_t pid) {
  struct __ptrace_syscall_info info {};
  Stop stop;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return stop;
  stop.is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
  if (stop.is_entry) {
    stop.number = static_cast<long>(info.entry.nr);
    for (int i = 0; i < 6; ++i) stop.arguments[i] = info.entry.args[i];
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    stop.result = info.exit.rval;
  }
  return stop;
}

#if defined(__x86_64__)
void skip_call(pid_t pid) { ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, orig_rax), -1L); }
void set_result(pid_t pid, std::int64_t result) { ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, rax), result); }
#elif defined(__aarch64__)
void skip_call(pid_t pid) {
  int number = -1;
  iovec part{&number, sizeof number};
  ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part);
}
void set_result(pid_t pid, std::int64_t result) {
  user_regs_struct registers;
  iovec part{&registers, sizeof registers};
  ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part);
  registers.regs[0] = static_cast<std::uint64_t>(result);
  ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}
#else
#error "how is a system call skipped here?"
#endif

std::string text_at(pid_t pid, std::uint64_t address) {
  std::string text;
  char piece[64];
  while (address && text.size() < 8192) {
    // Never over the end of a page: the next one may not be there.
    std::size_t const size = sizeof piece - address % sizeof piece;
    iovec const here{piece, size}, there{reinterpret_cast<void*>(address), size};
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) <= 0) break;
    for (std::size_t i = 0; i < size; ++i) {
      if (!piece[i]) return text;
      text += piece[i];
    }
    address += size;
  }
  return text;
}

std::string link_of(pid_t pid, std::string const& name) {
  char target[4096];
  ssize_t const length = readlink(("/proc/" + std::to_string(pid) + "/" + name).c_str(), target, sizeof target);
  return length < 0 ? std::string{} : std::string{target, static_cast<std::size_t>(length)};
}

}  // namespace tracer
