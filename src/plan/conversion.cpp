#include "orlop/plan/conversion.hpp"

#include <cmath>

namespace orlop::plan {

std::uint64_t cpu_weight(std::uint64_t shares) {
  constexpr std::uint64_t least = 2, most = 262144;
  if (shares <= least) return 1;
  if (shares >= most) return 10000;
  double const l = std::log2(static_cast<double>(shares));
  double const exponent = (l * l + 125 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10, exponent)));
}

std::uint64_t io_weight(std::uint16_t weight) { return 1 + (weight - 10ULL) * 9999 / 990; }

std::int64_t swap_alone(std::int64_t memory_and_swap, std::int64_t memory) { return memory_and_swap - memory; }

}  // namespace orlop::plan
