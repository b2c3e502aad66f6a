#include "device_rules.hpp"

#include "orlop/base/text.hpp"

#include <random>

using orlop::concat;
using orlop::kernel::DeviceRule;

namespace test {

namespace {

constexpr std::uint8_t r = orlop::kernel::device_read, w = orlop::kernel::device_write, m = orlop::kernel::device_mknod;
constexpr std::uint8_t rwm = r | w | m;
constexpr auto any = std::nullopt;

bool matches(DeviceRule const& rule, Access const& access) {
  return (rule.type == 'a' || rule.type == access.type) && (!rule.major || *rule.major == access.major) &&
         (!rule.minor || *rule.minor == access.minor);
}

bool is_bit_allowed(Rules const& rules, Access const& access, std::uint8_t bit) {
  bool allowed = false;
  for (DeviceRule const& rule : rules)
    if (matches(rule, access) && (rule.access & bit)) allowed = rule.allow;
  return allowed;
}

Rules many() {
  Rules rules{{false, 'a', any, any, rwm}};
  for (std::uint32_t i = 0; i < 1000; ++i) rules.push_back({true, i % 2 ? 'c' : 'b', i, i % 3, rwm});
  rules.push_back({true, 'c', 1, 3, rwm});
  return rules;
}

}  // namespace

bool is_allowed(Rules const& rules, Access const& access) {
  for (std::uint8_t const bit : {r, w, m})
    if ((access.bits & bit) && !is_bit_allowed(rules, access, bit)) return false;
  return true;
}

std::vector<NamedRules> const& rule_lists() {
  static std::vector<NamedRules> const lists{
      {"no rule denies all", {}, true},
      {"deny all", {{false, 'a', any, any, rwm}}, true},
      {"allow all", {{true, 'a', any, any, rwm}}, true},
      {"usual",
       {{false, 'a', any, any, rwm}, {true, 'c', 1, 3, rwm}, {true, 'c', 1, 5, r | m}, {true, 'b', any, any, m}},
       true},
      {"the last of all wins", {{true, 'a', any, any, rwm}, {false, 'a', any, any, rwm}, {true, 'c', 1, 5, r}}, true},
      {"read and write apart", {{true, 'c', 1, 3, r}, {true, 'c', 1, 3, w}}, true},
      {"read of a range, write of one", {{true, 'c', 1, any, r}, {true, 'c', 1, 3, w}}, true},
      {"ranges that cross", {{true, 'c', 1, any, r}, {true, 'c', any, 5, w}}, true},
      {"ranges that cross, one taken back",
       {{true, 'c', 1, any, r}, {true, 'c', any, 5, w}, {false, 'c', 1, any, r}},
       true},
      {"deny after allow", {{true, 'c', 1, 3, rwm}, {true, 'c', 1, 5, rwm}, {false, 'c', 1, 3, w}}, true},
      {"allow after deny", {{false, 'c', 1, 3, rwm}, {true, 'c', 1, 3, w | m}}, true},
      {"a range denied after its members",
       {{true, 'c', 1, 3, rwm}, {true, 'c', 1, 5, rwm}, {false, 'c', 1, any, w}},
       true},
      {"all but one", {{true, 'a', any, any, rwm}, {false, 'c', 1, 5, w}}, true},
      {"all but one, half given back",
       {{true, 'a', any, any, rwm}, {false, 'c', 1, 5, rwm}, {true, 'c', 1, 5, r}},
       true},
      {"all but a range", {{true, 'a', any, any, rwm}, {false, 'c', 1, any, w}, {false, 'c', 1, 5, r}}, true},
      {"a hole in a range", {{true, 'c', 1, any, rwm}, {false, 'c', 1, 5, rwm}}, false},
      {"a hole in all of a type", {{true, 'c', any, any, r}, {false, 'c', 1, any, r}}, false},
      {"an island in a denied range",
       {{true, 'a', any, any, rwm}, {false, 'c', 1, any, rwm}, {true, 'c', 1, 3, rwm}},
       false},
      {"all types, one number", {{true, 'a', 1, 3, rwm}}, true},
      {"all types, read only", {{true, 'a', any, any, r}}, true},
      {"all types, one number denied", {{true, 'a', any, any, rwm}, {false, 'a', 1, 5, rwm}}, true},
      {"block only", {{true, 'b', any, any, rwm}}, true},
      {"a minor of any major", {{true, 'c', any, 3, r | w}}, true},
      {"no access named", {{true, 'c', 1, 3, 0}, {false, 'a', any, any, 0}}, true},
      {"the largest numbers", {{true, 'c', 0xfff, 0xfffff, rwm}, {true, 'c', 0x80000000, 1, r}}, true},
      {"many", many(), true},
  };
  return lists;
}

Rules random_rules(unsigned seed) {
  std::mt19937 random{seed};
  auto const below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  auto const number = [&]() -> std::optional<std::uint32_t> {
    if (below(2)) return std::nullopt;
    return below(3);
  };
  Rules rules;
  for (unsigned count = below(8); count; --count)
    rules.push_back({below(2) == 1, "abc"[below(3)], number(), number(), static_cast<std::uint8_t>(below(8))});
  return rules;
}

std::vector<Access> const& small_accesses() {
  static auto const all = [] {
    std::vector<Access> accesses;
    for (char const type : {'b', 'c'})
      for (std::uint32_t number = 0; number < 9; ++number)
        // The kernel asks for reading and writing at once, and for mknod alone.
        for (std::uint8_t const bits : {r, w, static_cast<std::uint8_t>(r | w), m})
          accesses.push_back({type, number / 3, number % 3, bits});
    return accesses;
  }();
  return all;
}

std::string shown(Rules const& rules) {
  std::string text;
  for (auto const& rule : rules) text += concat({rule.allow ? "allow " : "deny ", device_rule_text(rule), "; "});
  return text.substr(0, 1000);
}

std::string shown(Access const& access) {
  return orlop::kernel::device_rule_text({true, access.type, access.major, access.minor, access.bits});
}

}  // namespace test
