// What happens before the C library's own start (entry.cpp), and what is left of it for later.
//
// On x86-64 a static build of orlop begins at orlop_entry and not at _start: nothing of the image has been touched then,
// so that the two things below cost least. Any other build (sanitizers, another processor, the tests' programs) begins at
// _start, and all of this is as if it had been tried in vain.
#pragma once

namespace orlop::kernel {

struct Entry {
  int clone = -1;             // our own file, cloned as a mount that is read-only; closed by whoever takes it
  bool is_read_only = false;  // that clone is what we are mapped from, and what /proc/self/exe leads to
};

// Of a command that puts a process into a container (its name is among the arguments), started by root.
Entry& entry() noexcept;

}  // namespace orlop::kernel
