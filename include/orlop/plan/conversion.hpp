// Values that linux.resources has in the terms of cgroup v1, in those of v2: as runc and crun convert them today. Pure.
#pragma once
#include <cstdint>

namespace orlop::plan {

// cpu.shares (2 … 262144, usually 1024) to cpu.weight (1 … 10000, usually 100). The curve of 2025: quadratic in the
// logarithms, so that both ends and the usual value meet; the straight line before it made 39 of 1024.
std::uint64_t cpu_weight(std::uint64_t shares);

// blkio.weight (10 … 1000) to io.weight (1 … 10000); io.bfq.weight takes the former as it is.
std::uint64_t io_weight(std::uint16_t weight);

// memory.memsw.limit_in_bytes (memory and swap together) to memory.swap.max. Needs memory_and_swap >= memory >= 0.
std::int64_t swap_alone(std::int64_t memory_and_swap, std::int64_t memory);

}  // namespace orlop::plan
