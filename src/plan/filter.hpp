// From decisions about system calls to the program of a seccomp filter: classic BPF, as the kernel checks it
// (kernel/seccomp.c): jumps lead forward only, conditional ones over at most 255 instructions.
#pragma once
#include "orlop/kernel/seccomp.hpp"

#include "oci/words.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orlop::plan {

struct Condition {
  std::uint32_t index = 0;  // of the argument, 0 to 5
  oci::SeccompOperator op{};
  std::uint64_t value = 0, value_two = 0;  // masked_eq: the mask, and what is left
  bool operator==(Condition const&) const = default;
};

struct Branch {
  std::vector<Condition> all;
  std::uint32_t answer = 0;  // SECCOMP_RET_* and its data
  bool operator==(Branch const&) const = default;
};

// The first branch whose conditions all hold; none: `otherwise`.
struct Decision {
  std::vector<Branch> branches;
  std::uint32_t otherwise = 0;
  bool wide = true;  // arguments have 64 bits; else the upper half of an argument and of a value is not looked at
  bool operator==(Decision const&) const = default;
};

// From this number up to the next range's first.
struct Range {
  std::uint32_t first = 0;
  std::size_t decision = 0;
};

struct Section {
  std::uint32_t audit = 0;    // AUDIT_ARCH_*
  std::vector<Range> ranges;  // ascending, the first one from 0
};

struct Filter {
  std::vector<Decision> decisions;
  std::vector<Section> sections;
  std::uint32_t elsewhere = 0;  // the answer to calls of all other architectures
};

// A search tree over each section's ranges.
kernel::FilterProgram assemble(Filter const& filter);

}  // namespace orlop::plan
