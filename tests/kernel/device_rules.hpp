// Lists of device rules, and what they mean, said as plainly as possible: the measure for the v1 list and the program.
#pragma once
#include "orlop/kernel/device_filter.hpp"

#include <string>
#include <vector>

namespace test {

using Rules = std::vector<orlop::kernel::DeviceRule>;

struct Access {
  char type;  // 'b' or 'c'
  std::uint32_t major, minor;
  std::uint8_t bits;
};

// Every bit is decided by the last rule that matches the device and names it; allowed, if all are.
bool is_allowed(Rules const& rules, Access const& access);

struct NamedRules {
  char const* name;
  Rules rules;
  bool fits_v1;  // a v1 cgroup can hold it
};
std::vector<NamedRules> const& rule_lists();

// Pseudo-random lists over few devices, so that the rules meet often. The same seed gives the same list.
Rules random_rules(unsigned seed);

// Types b and c, numbers 0 to 2, all seven accesses.
std::vector<Access> const& small_accesses();

std::string shown(Rules const& rules);
std::string shown(Access const& access);

}  // namespace test
