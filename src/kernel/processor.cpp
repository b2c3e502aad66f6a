#include "orlop/kernel/processor.hpp"

#include "orlop/base/error.hpp"

namespace orlop::kernel {

void run_on(std::vector<unsigned> const& processors) {
  // More than the 1024 of cpu_set_t; the kernel passes over what no processor is behind.
  constexpr std::size_t word_bits = 8 * sizeof(unsigned long);
  std::vector<unsigned long> mask(8192 / word_bits, processors.empty() ? ~0UL : 0UL);
  for (unsigned const one : processors)
    if (one / word_bits < mask.size()) mask[one / word_bits] |= 1UL << one % word_bits;
  std::size_t const bytes = mask.size() * sizeof(unsigned long);
  check(sched_setaffinity(0, bytes, reinterpret_cast<cpu_set_t*>(mask.data())), "sched_setaffinity", {});
}

}  // namespace orlop::kernel
