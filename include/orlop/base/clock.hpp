// Time that only goes forward: clock_gettime(2), CLOCK_MONOTONIC.
#pragma once
#include <cstdint>
#include <ctime>

namespace orlop {

inline std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace orlop
