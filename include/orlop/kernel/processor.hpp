// On which processor a process runs: getcpu(2), sched_setaffinity(2).
#pragma once
#include <sched.h>
#include <vector>

namespace orlop::kernel {

// The calling process moves to another processor than the one it is on, if it may use more than one, and gets its
// affinity back when the object ends. For a parent right behind a clone: the scheduler likes to queue the child behind
// its parent, where it would start only when the parent sleeps (300 µs later, measured; the move costs 20 to 30). It is
// the parent that moves, so the child's affinity stays as its caller has it.
class ElsewhereWhile {
public:
  ElsewhereWhile() noexcept;
  ElsewhereWhile(ElsewhereWhile const&) = delete;
  ElsewhereWhile& operator=(ElsewhereWhile const&) = delete;
  ~ElsewhereWhile();

private:
  cpu_set_t before_;
  bool moved_ = false;
};

// The calling process runs on these processors only; none: on all that its cpuset allows. EINVAL: it allows none of them.
void run_on(std::vector<unsigned> const& processors);

}  // namespace orlop::kernel
