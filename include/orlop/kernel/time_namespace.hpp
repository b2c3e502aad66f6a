// The clocks of a time namespace: time_namespaces(7). Their offsets can be written only until the first process is in it.
#pragma once
#include <cstdint>
#include <vector>

namespace orlop::kernel {

enum class Clock : std::uint8_t { monotonic, boottime };

struct TimeOffset {
  Clock clock = Clock::monotonic;
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;  // below a second
  bool operator==(TimeOffset const&) const = default;
};

// Before: this process, which has one thread, has unshared a time namespace (and is not in it: only children would be).
// After: it has these offsets, and we are in it. The /proc that we see is one of a pid namespace that we are in, too.
// ERANGE: the clock would be below zero, or end within 146 years. EACCES: a process is in it already.
void enter_new_time(std::vector<TimeOffset> const& offsets);

}  // namespace orlop::kernel
