// The own executable, out of a container's reach: /proc/PID/exe of every process that we put into a container leads to
// a file that nobody can open for writing. prctl(2) PR_SET_MM_MAP, open_tree(2), memfd_create(2), CVE-2019-5736.
//
// Before: single-threaded, nothing of a container can see this process yet. After: as said, or an Error.
//
// How, in this order (attack test: tests/kernel/self_exe.cpp):
//  1. mapped again  The program's file is cloned as a read-only mount, its segments are mapped from there before anything
//                   in them has been touched, and PR_SET_MM_MAP makes the read-only file our exe: self_exe_start.cpp. No
//                   second execve. Needs CAP_SYS_ADMIN, CONFIG_CHECKPOINT_RESTORE, and a static program on x86-64.
//  2. re-exec       from that clone, where the kernel refuses the prctl, or the build has no start of its own.
//  3. re-exec       from a sealed memfd, where no mount can be cloned (no CAP_SYS_ADMIN).
// A process whose exe lies on a read-only mount, or in a sealed memfd, is protected already and does nothing.
#pragma once
#include "orlop/base/fd.hpp"

namespace orlop::kernel {

// May replace this process by itself (the same arguments and environment): call it first of all.
// The result is the clone, or nothing. Closing its last descriptor unmounts it, which waits for an RCU grace period: so
// close it when there is nothing better to do. The file that is our exe stays read-only all the same.
Fd protect_self_exe(char* const* arguments);

// The descriptor that has been opened before main and is not the caller's; -1: there is none, or it has been taken.
int clone_of_start() noexcept;

}  // namespace orlop::kernel
