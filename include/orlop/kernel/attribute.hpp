// What a process inherits from whoever started it, and what a container must not: sigprocmask(2), sigaction(2),
// setpriority(2), umask(2), prctl(2), close_range(2).
#pragma once
#include <span>
#include <sys/types.h>

namespace orlop::kernel {

// Every signal is unblocked and has its default disposition.
void reset_signals();
// No timer slack of the caller's, no securebits, no child subreaper, THP as the system has it.
void reset_process_attributes();
// PER_*, of execve(2) and uname(2): personality(2).
void set_personality(unsigned long persona);
void set_umask(mode_t mask);
void set_no_new_privileges();
// SIGKILL when the parent dies. Lost when credentials change: ask for it again then.
void die_with_parent();
void outlive_parent();
// 0: nobody without CAP_SYS_PTRACE in the namespace of our program may look into this process (/proc/PID/fd, mem, exe).
void set_dumpable(bool value);
// Open, and the caller's: our own close themselves at execve.
bool is_inherited(int fd);
// Closes every descriptor above 2 but the given ones (ascending, -1 is passed over): what the caller left open is not
// held by a process that may wait for hours.
void close_all_but(std::span<int const> kept);
// At execve, every descriptor above 2 but these is closed.
void close_on_exec_but(std::span<int const> kept);
void new_session();
// Enters a directory of the container and proves that it is inside: getcwd(2) gives a path from the root, and no
// "(unreachable)".
void change_directory_inside(char const* path);

}  // namespace orlop::kernel
