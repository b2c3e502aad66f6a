#include "orlop/kernel/processor.hpp"

namespace orlop::kernel {

ElsewhereWhile::ElsewhereWhile() noexcept {
  int const here = sched_getcpu();
  // A machine with more processors than fit into cpu_set_t (1024) says EINVAL: then everything stays as it is.
  if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof before_, &before_) < 0) return;
  cpu_set_t others = before_;
  CPU_CLR(static_cast<unsigned>(here), &others);
  if (CPU_COUNT(&others) == 0) return;
  moved_ = sched_setaffinity(0, sizeof others, &others) == 0;
}

ElsewhereWhile::~ElsewhereWhile() {
  if (moved_) sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace orlop::kernel
