#include "orlop/kernel/processor.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

namespace orlop::kernel {

namespace {

// Of the whole machine: "0.31 0.25 0.20 2/115 3174", proc_loadavg(5).
std::optional<std::uint64_t> runnable_tasks() {
  try {
    auto const text = file::read("/proc/loadavg");
    auto const fields = split(text, ' ');
    return fields.size() < 4 ? std::nullopt : whole_number(fields[3].substr(0, fields[3].find('/')));
  } catch (Error const&) {  // masked, as in a container
    return std::nullopt;
  }
}

}  // namespace

void run_on(std::vector<unsigned> const& processors) {
  // More than the 1024 of cpu_set_t; the kernel passes over what no processor is behind.
  constexpr std::size_t word_bits = 8 * sizeof(unsigned long);
  std::vector<unsigned long> mask(8192 / word_bits, processors.empty() ? ~0UL : 0UL);
  for (unsigned const one : processors)
    if (one / word_bits < mask.size()) mask[one / word_bits] |= 1UL << one % word_bits;
  std::size_t const bytes = mask.size() * sizeof(unsigned long);
  check(sched_setaffinity(0, bytes, reinterpret_cast<cpu_set_t*>(mask.data())), "sched_setaffinity", {});
}

// The scheduler puts a new process on an idle processor, except where it packs them on few, as in some virtual machines. With
// as many runnable tasks as processors, two of them being ourselves and the child, one is idle.
bool try_make_way(unsigned processor_of_child) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return false;
  int const here = sched_getcpu();
  if (here < 0 || static_cast<unsigned>(here) != processor_of_child) return false;
  auto const runnable = runnable_tasks();
  if (!runnable || *runnable > static_cast<unsigned>(CPU_COUNT(&allowed))) return false;
  cpu_set_t others = allowed;
  CPU_CLR(static_cast<unsigned>(here), &others);
  if (sched_setaffinity(0, sizeof others, &others) < 0) return false;  // there is no other
  sched_setaffinity(0, sizeof allowed, &allowed);
  return true;
}

}  // namespace orlop::kernel
