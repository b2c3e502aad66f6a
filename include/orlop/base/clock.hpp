// Time that only goes forward, and waiting: clock_gettime(2), CLOCK_MONOTONIC; nanosleep(2).
#pragma once
#include <cstdint>
#include <ctime>

namespace orlop {

inline std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Less than a second. A signal ends it before its time.
inline void pause_ms(int milliseconds) {
  timespec const time{0, milliseconds * 1'000'000L};
  nanosleep(&time, nullptr);
}

}  // namespace orlop
