// The program for v2 and the list for v1, without a kernel: run here, against what the rules mean.
#include "device_rules.hpp"
#include "harness/catch.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"

#include <cstring>
#include <linux/bpf.h>

using namespace orlop;
using namespace orlop::kernel;
using test::Access;
using test::Rules;

namespace {

struct Machine {
  std::uint64_t registers[11] = {};
  bpf_cgroup_dev_ctx context{};

  std::uint32_t low(unsigned number) const { return static_cast<std::uint32_t>(registers[number]); }
  std::uint32_t loaded(int offset) const {
    std::uint32_t value;
    std::memcpy(&value, reinterpret_cast<char const*>(&context) + offset, sizeof value);
    return value;
  }
};

// The few instructions that the program uses (linux/bpf.h). Anything else fails the test.
std::uint64_t run(std::vector<std::uint64_t> const& program, bpf_cgroup_dev_ctx const& context) {
  Machine machine;
  machine.context = context;
  for (std::size_t at = 0; at < program.size(); ++at) {
    bpf_insn one;
    std::memcpy(&one, &program[at], sizeof one);
    auto& to = machine.registers[one.dst_reg];
    auto const value = static_cast<std::uint32_t>(one.imm);
    auto const skip = static_cast<std::size_t>(one.off);
    switch (one.code) {
      case BPF_LDX | BPF_MEM | BPF_W: to = machine.loaded(one.off); break;
      case BPF_ALU | BPF_AND | BPF_K: to = machine.low(one.dst_reg) & value; break;
      case BPF_ALU | BPF_OR | BPF_K: to = machine.low(one.dst_reg) | value; break;
      case BPF_ALU | BPF_XOR | BPF_K: to = machine.low(one.dst_reg) ^ value; break;
      case BPF_ALU | BPF_LSH | BPF_K: to = machine.low(one.dst_reg) << value; break;
      case BPF_ALU | BPF_RSH | BPF_K: to = machine.low(one.dst_reg) >> value; break;
      case BPF_ALU | BPF_MOV | BPF_X: to = machine.low(one.src_reg); break;
      case BPF_ALU | BPF_AND | BPF_X: to = machine.low(one.dst_reg) & machine.low(one.src_reg); break;
      case BPF_ALU | BPF_OR | BPF_X: to = machine.low(one.dst_reg) | machine.low(one.src_reg); break;
      case BPF_ALU64 | BPF_ADD | BPF_K: to += static_cast<std::uint64_t>(std::int64_t{one.imm}); break;
      case BPF_ALU64 | BPF_RSH | BPF_K: to >>= value; break;
      case BPF_ALU64 | BPF_ARSH | BPF_K: to = static_cast<std::uint64_t>(static_cast<std::int64_t>(to) >> value); break;
      case BPF_JMP | BPF_JNE | BPF_K: at += to != value ? skip : 0; break;
      case BPF_JMP | BPF_EXIT: return machine.registers[0];
      default: FAIL("an instruction that this test does not know: " << int{one.code});
    }
  }
  FAIL("the program runs over its end");
  return 0;
}

bool program_allows(std::vector<std::uint64_t> const& program, Access const& access) {
  std::uint32_t const type = access.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
  return run(program, {std::uint32_t{access.bits} << 16 | type, access.major, access.minor}) == 1;
}

// As security/device_cgroup.c asks it: one exception must have all of an access; to deny, a part is enough.
bool list_allows(DeviceList const& list, Access const& access) {
  for (auto const& exception : list.exceptions) {
    if (exception.type != access.type) continue;
    if (exception.major.value_or(access.major) != access.major) continue;
    if (exception.minor.value_or(access.minor) != access.minor) continue;
    if (list.allow_others ? exception.access & access.bits : !(access.bits & ~exception.access))
      return !list.allow_others;
  }
  return list.allow_others;
}

std::vector<Access> accesses_for(Rules const& rules) {
  auto accesses = test::small_accesses();
  for (auto const& rule : rules)
    for (std::uint8_t const bits : std::initializer_list<std::uint8_t>{1, 2, 4, 6})
      for (char const type : {'b', 'c'})
        accesses.push_back({type, rule.major.value_or(77), rule.minor.value_or(77), bits});
  return accesses;
}

// For the program a device whose numbers the kernel could not have is denied.
bool can_be(Access const& access) { return access.major < 1U << 12 && access.minor < 1U << 20; }

// The first access for which the program is wrong.
std::string program_fault(Rules const& rules) {
  auto const program = device_program(rules);
  for (Access const& access : accesses_for(rules))
    if (program_allows(program, access) != (can_be(access) && test::is_allowed(rules, access)))
      return test::shown(rules) + test::shown(access);
  return "";
}

std::string list_fault(Rules const& rules) {
  auto const list = device_list(rules);
  for (Access const& access : accesses_for(rules))
    if (list_allows(list, access) != test::is_allowed(rules, access)) return test::shown(rules) + test::shown(access);
  return "";
}

}  // namespace

TEST_CASE("device_program: it answers as the rules say") {
  for (auto const& list : test::rule_lists()) {
    INFO(list.name);
    CHECK(program_fault(list.rules) == "");
  }
}

TEST_CASE("device_program: it answers as the rules say, 5000 lists made by chance") {
  for (unsigned seed = 0; seed < 5000; ++seed)
    if (std::string const fault = program_fault(test::random_rules(seed)); !fault.empty()) FAIL(fault);
}

TEST_CASE("device_program: a device whose numbers the kernel could not have is denied") {
  auto const program = device_program({{true, 'a', {}, {}, 7}, {true, 'c', 1, {}, 7}, {true, 'c', {}, 3, 7}});
  CHECK(program_allows(program, {'c', 4095, 0xfffff, 7}));
  CHECK(program_allows(program, {'b', 1, 3, 7}));
  CHECK(!program_allows(program, {'c', 4096, 3, 7}));
  CHECK(!program_allows(program, {'c', 1, 0x100000, 7}));
  CHECK(!program_allows(program, {'b', 0x80000000, 0x80000000, 7}));
}

TEST_CASE("device_program: the two numbers are not taken for one another") {
  auto const program = device_program({{true, 'c', 1, 0, 7}, {true, 'c', 0x800, 0x80000, 7}});
  CHECK(program_allows(program, {'c', 1, 0, 7}));
  CHECK(program_allows(program, {'c', 0x800, 0x80000, 7}));
  CHECK(!program_allows(program, {'c', 0, 0x100000, 7}));
  CHECK(!program_allows(program, {'c', 0, 1, 7}));
  CHECK(!program_allows(program, {'c', 1, 0x80000, 7}));
}

TEST_CASE("device_program: no access in particular needs a rule that allows something") {
  auto const asked = [](Rules const& rules, unsigned major) {
    return run(device_program(rules), {BPF_DEVCG_DEV_CHAR, major, 3}) == 1;
  };
  CHECK(!asked({}, 1));
  CHECK(!asked({{false, 'a', {}, {}, 7}}, 1));
  CHECK(asked({{true, 'c', 1, {}, device_read}}, 1));
  CHECK(!asked({{true, 'c', 1, {}, device_read}}, 2));
}

TEST_CASE("device_program: nothing behind a rule for everything") {
  Rules rules{{false, 'a', {}, {}, 7}, {true, 'c', 1, 3, 7}};
  auto const length = device_program(rules).size();
  rules.insert(rules.begin(), 10, {true, 'c', 1, 5, 7});
  CHECK(device_program(rules).size() == length);
}

TEST_CASE("device_list: it answers as the rules say, or is refused") {
  for (auto const& list : test::rule_lists()) {
    INFO(list.name);
    if (list.fits_v1) CHECK(list_fault(list.rules) == "");
    else CHECK_THROWS_AS(device_list(list.rules), Error);
  }
}

TEST_CASE("device_list: it answers as the rules say, 5000 lists made by chance") {
  int held = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    auto const rules = test::random_rules(seed);
    std::string fault;
    if (harness::failure_of([&] { fault = list_fault(rules); }) == "") ++held;
    if (!fault.empty()) FAIL(fault);
  }
  CHECK(held > 1500);  // refusals are the exception
}

TEST_CASE("device_list: rules that say nothing new are no exceptions of their own") {
  DeviceList const list = device_list({{true, 'c', 1, {}, 7}, {true, 'c', 1, 3, device_read}, {true, 'c', 1, {}, 2}});
  CHECK(list.exceptions == Rules{{true, 'c', 1, {}, 7}});
  CHECK(device_list({{false, 'c', 1, 3, 7}}) == DeviceList{});
}

TEST_CASE("device_rule: its text is that of the v1 files") {
  CHECK(device_rule_text({}) == "a *:* rwm");
  CHECK(device_rule_text({true, 'c', 1, 3, device_read}) == "c 1:3 r");
  CHECK(device_rule_text({true, 'b', 7, {}, device_write | device_mknod}) == "b 7:* wm");
  CHECK(device_rule_text({true, 'c', {}, 0, 0}) == "c *:0 ");
  CHECK(device_rule_text({true, 'c', UINT32_MAX, 0, 7}) == "c 4294967295:0 rwm");
}
