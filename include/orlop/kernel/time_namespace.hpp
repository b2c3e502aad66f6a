// The clocks of a time namespace: time_namespaces(7). Their offsets can be written only until the first process is in it.
#pragma once
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

enum class Clock : std::uint8_t { monotonic, boottime };

struct TimeOffset {
  Clock clock = Clock::monotonic;
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;  // below a second
  bool operator==(TimeOffset const&) const = default;
};

// Before: that process (0: we ourselves, whatever our number is in the procfs that we see) has unshared a time namespace,
// and is not in it: only children would be.
// ERANGE: the clock would be below zero, or end within 146 years. EACCES: a process is in it already.
void write_time_offsets(pid_t pid, std::vector<TimeOffset> const& offsets);
// We have unshared it ourselves, and have one thread: from now on we are in it. The /proc that we see is one of a pid
// namespace that we are in, too.
void enter_new_time();

}  // namespace orlop::kernel
