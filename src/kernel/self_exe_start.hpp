// What happens before the C library's own start (self_exe_start.cpp), and what is left of it for later.
//
// On x86-64 a static build of orlop begins at orlop_entry and not at _start. Any other build (sanitizers, another
// processor, most programs of the tests) begins at _start, and this is as if it had been tried in vain.
#pragma once

namespace orlop::kernel {

struct Start {
  int clone = -1;             // our own file, cloned as a mount that is read-only; closed by whoever takes it
  bool is_read_only = false;  // that clone is what we are mapped from, and what /proc/self/exe leads to
};

// Of a command that puts a process into a container (its name is among the arguments), started by root.
Start& start_of_self() noexcept;

}  // namespace orlop::kernel
