// How the kernel gives a process its processor and its disk: sched(7), sched_setattr(2), ioprio_set(2).
#pragma once
#include <cstdint>
#include <sys/types.h>

namespace orlop::kernel {

struct Scheduling {
  std::uint32_t policy = 0;                       // SCHED_*
  std::uint64_t flags = 0;                        // SCHED_FLAG_*
  std::int32_t nice = 0;                          // of SCHED_OTHER and SCHED_BATCH
  std::uint32_t priority = 0;                     // of SCHED_FIFO and SCHED_RR
  std::uint64_t runtime = 0, deadline = 0, period = 0;  // nanoseconds, of SCHED_DEADLINE
  bool operator==(Scheduling const&) const = default;
};

struct IoPriority {
  unsigned priority_class = 0;  // 1 real time, 2 best effort, 3 idle
  unsigned level = 0;           // 0 (first) to 7
  bool operator==(IoPriority const&) const = default;
};

// Of a process (0: the calling one). Whatever is better than what it has needs CAP_SYS_NICE in the initial user namespace.
void set_scheduling(Scheduling const& wanted, pid_t process = 0);
void set_io_priority(IoPriority const& wanted, pid_t process = 0);

}  // namespace orlop::kernel
