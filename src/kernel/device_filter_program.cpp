// The BPF program of a v2 cgroup's devices. What it costs is the verifier's work when it is loaded, some microseconds for
// each branch and one for each other instruction: so it has one branch, for the type of the device, and computes the rest.
// Documentation/bpf/instruction-set.rst.
#include "orlop/kernel/device_filter.hpp"

#include <cstddef>
#include <cstring>
#include <linux/bpf.h>
#include <span>

namespace orlop::kernel {

namespace {

enum Register : std::uint8_t {
  answer = BPF_REG_0,
  context = BPF_REG_1,
  undecided = BPF_REG_2,  // the accesses that no rule has decided yet, from the last rule to the first
  denied = BPF_REG_3,     // anything: a rule has denied one that was undecided
  major = BPF_REG_4,
  minor = BPF_REG_5,
  both = BPF_REG_6,  // major and minor in one word
  match = BPF_REG_7,
  matches = BPF_REG_8,  // of several rules
};

// A device number of the kernel has 12 bits for the major and 20 for the minor (MKDEV).
constexpr unsigned major_bits = 12, minor_bits = 20;
constexpr std::uint8_t every_access = device_mknod | device_read | device_write;
// Undecided until a rule allows anything for the device at all: the kernel also asks for no access in particular.
constexpr std::uint32_t presence = 8;

class Program {
public:
  void load(Register to, int offset) { put(BPF_LDX | BPF_MEM | BPF_W, to, context, offset, 0); }
  // In 32 bits: the upper half of the register becomes 0.
  void copy(Register to, Register from) { put(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0); }
  void compute(int operation, Register to, std::uint32_t value) {
    put(BPF_ALU | operation | BPF_K, to, 0, 0, static_cast<std::int32_t>(value));
  }
  void combine(int operation, Register to, Register from) { put(BPF_ALU | operation | BPF_X, to, from, 0, 0); }
  // In all 64 bits.
  void compute_wide(int operation, Register to, std::int32_t value) { put(BPF_ALU64 | operation | BPF_K, to, 0, 0, value); }
  // A zero becomes ones, anything else (of 32 bits) becomes 0.
  void spread_zero(Register of) {
    compute_wide(BPF_ADD, of, -1);
    compute_wide(BPF_ARSH, of, 63);
  }
  void finish() { put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }
  void skip_if_not(Register value, std::uint32_t wanted, std::size_t count) {
    put(BPF_JMP | BPF_JNE | BPF_K, value, 0, static_cast<int>(count), static_cast<std::int32_t>(wanted));
  }
  void append(Program const& other) { words_.insert(words_.end(), other.words_.begin(), other.words_.end()); }
  std::size_t size() const { return words_.size(); }
  std::vector<std::uint64_t> take() { return std::move(words_); }

private:
  void put(int code, std::uint8_t to, std::uint8_t from, int offset, std::int32_t value) {
    bpf_insn one{};
    one.code = static_cast<std::uint8_t>(code);
    one.dst_reg = to & 15U;
    one.src_reg = from & 15U;
    one.off = static_cast<std::int16_t>(offset);
    one.imm = value;
    std::uint64_t word;
    static_assert(sizeof word == sizeof one);
    std::memcpy(&word, &one, sizeof word);
    words_.push_back(word);
  }

  std::vector<std::uint64_t> words_;
};

bool is_for_all_numbers(DeviceRule const& rule) { return !rule.major && !rule.minor; }

bool can_match(DeviceRule const& rule) {
  return rule.major.value_or(0) >> major_bits == 0 && rule.minor.value_or(0) >> minor_bits == 0;
}

// Ones in `to` if the rule's numbers are the device's, else 0.
void add_match(Program& program, DeviceRule const& rule, Register to) {
  bool const has_both = rule.major && rule.minor;
  program.copy(to, has_both ? both : rule.major ? major : minor);
  program.compute(BPF_XOR, to, has_both ? *rule.major << minor_bits | *rule.minor : rule.major ? *rule.major : *rule.minor);
  program.spread_zero(to);
}

void add_denial(Program& program, DeviceRule const& rule) {
  if (is_for_all_numbers(rule)) {
    program.copy(match, undecided);
  } else {
    add_match(program, rule, match);
    program.combine(BPF_AND, match, undecided);
  }
  program.compute(BPF_AND, match, rule.access);
  program.combine(BPF_OR, denied, match);
}

// Of rules that allow the same accesses.
void add_permission(Program& program, std::span<DeviceRule const> rules) {
  std::uint32_t const allowed = rules.front().access | presence;
  if (is_for_all_numbers(rules.front())) {
    program.compute(BPF_AND, undecided, ~allowed);
    return;
  }
  add_match(program, rules.front(), matches);
  for (auto const& rule : rules.subspan(1)) {
    add_match(program, rule, match);
    program.combine(BPF_OR, matches, match);
  }
  program.compute(BPF_AND, matches, allowed);
  program.compute(BPF_XOR, matches, ~std::uint32_t{0});
  program.combine(BPF_AND, undecided, matches);
}

// Those that can decide something for this type, from the last to the first.
std::vector<DeviceRule> rules_for(char type, std::vector<DeviceRule> const& rules) {
  std::vector<DeviceRule> found;
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if ((rule->type != 'a' && rule->type != type) || !can_match(*rule)) continue;
    found.push_back(*rule);
    found.back().type = type;
    if (is_for_all_numbers(*rule) && rule->access == every_access) break;
  }
  return found;
}

std::size_t count_alike(std::span<DeviceRule const> rules) {
  std::size_t count = 1;
  while (count < rules.size() && rules[count].allow && rules[count].access == rules[0].access &&
         !is_for_all_numbers(rules[count]))
    ++count;
  return count;
}

// Allowed is what has been decided and not denied.
Program decision(std::vector<DeviceRule> const& all) {
  Program program;
  for (std::span<DeviceRule const> rules{all}; !rules.empty();) {
    bool const is_alone = !rules.front().allow || is_for_all_numbers(rules.front());
    std::size_t const count = is_alone ? 1 : count_alike(rules);
    if (rules.front().allow) add_permission(program, rules.first(count));
    else add_denial(program, rules.front());
    rules = rules.subspan(count);
  }
  program.copy(answer, undecided);
  program.combine(BPF_OR, answer, denied);
  program.compute_wide(BPF_ADD, answer, -1);
  program.compute_wide(BPF_RSH, answer, 63);
  program.finish();
  return program;
}

// No device has a number without room in `both`. If one came, it would be denied.
void add_numbers(Program& program) {
  program.load(major, offsetof(bpf_cgroup_dev_ctx, major));
  program.load(minor, offsetof(bpf_cgroup_dev_ctx, minor));
  program.copy(denied, major);
  program.compute(BPF_RSH, denied, major_bits);
  program.copy(match, minor);
  program.compute(BPF_RSH, match, minor_bits);
  program.combine(BPF_OR, denied, match);
  program.copy(both, major);
  program.compute(BPF_LSH, both, minor_bits);
  program.combine(BPF_OR, both, minor);
}

}  // namespace

std::vector<std::uint64_t> device_program(std::vector<DeviceRule> const& rules) {
  auto const for_blocks = rules_for('b', rules), for_characters = rules_for('c', rules);
  Program program;
  program.load(undecided, offsetof(bpf_cgroup_dev_ctx, access_type));
  program.copy(match, undecided);
  program.compute(BPF_AND, match, 0xffff);
  program.compute(BPF_RSH, undecided, 16);
  program.compute(BPF_OR, undecided, presence);
  Program const blocks = decision(for_blocks), characters = decision(for_characters);
  Program numbers;
  add_numbers(numbers);
  program.skip_if_not(match, BPF_DEVCG_DEV_BLOCK, numbers.size() + blocks.size());
  for (auto const* const type : {&blocks, &characters}) {
    program.append(numbers);
    program.append(*type);
  }
  return program.take();
}

}  // namespace orlop::kernel
