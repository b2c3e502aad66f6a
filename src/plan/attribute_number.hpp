// The kernel's numbers for the words of process.scheduler and linux.memoryPolicy, in the order of oci's enumerators.
// sched_setattr(2), set_mempolicy(2).
#pragma once
#include <cstdint>
#include <linux/mempolicy.h>
#include <sched.h>

namespace orlop::plan {

// SCHED_ISO has a number in the kernel and no code: it answers EINVAL.
inline constexpr std::uint32_t scheduler_policies[] = {SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, 4, SCHED_IDLE, 6};
inline constexpr std::uint64_t scheduler_flags[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40};
inline constexpr int memory_modes[] = {MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE, 6, MPOL_PREFERRED, 5, MPOL_LOCAL};
inline constexpr int memory_flags[] = {1 << 13, 1 << 14, 1 << 15};

}  // namespace orlop::plan
