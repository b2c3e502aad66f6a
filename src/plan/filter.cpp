#include "filter.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>

namespace orlop::plan {

namespace {

constexpr std::uint16_t load_word = BPF_LD | BPF_W | BPF_ABS, mask_with = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t go = BPF_JMP | BPF_JA, answer_with = BPF_RET | BPF_K;
constexpr std::uint16_t if_equal = BPF_JMP | BPF_JEQ | BPF_K, if_greater = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t if_at_least = BPF_JMP | BPF_JGE | BPF_K;

// 255, and room for an instruction that comes between: the way there for the other half of a jump.
constexpr std::size_t reach = 250;

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

constexpr std::uint32_t offset_of(std::uint32_t index, bool upper) {
  bool const is_second = upper == (std::endian::native == std::endian::little);
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + index * 8 + (is_second ? 4 : 0);
}

// Where a jump leads: to an answer, wherever one stands, or to an instruction.
struct Target {
  bool is_answer = true;
  std::uint32_t answer = 0;
  std::size_t place = 0;
  bool operator==(Target const&) const = default;
};
Target answer_target(std::uint32_t answer) { return {true, answer, 0}; }

// Writes the program from its end to its beginning: all jumps lead forward, so what they lead to has its place already.
// A place is counted from the end.
class Assembler {
public:
  explicit Assembler(Filter const& filter) : filter_{filter}, blocks_(filter.decisions.size()) {}

  kernel::FilterProgram program() {
    std::vector<Target> entries;
    for (auto section = filter_.sections.rbegin(); section != filter_.sections.rend(); ++section)
      entries.push_back(enter(*section));
    Target next = answer_target(filter_.elsewhere);
    for (std::size_t i = 0; i < entries.size(); ++i)
      next = test(if_equal, filter_.sections[filter_.sections.size() - 1 - i].audit, entries[i], next);
    put(load_word, offsetof(seccomp_data, arch));
    std::reverse(reversed_.begin(), reversed_.end());
    return std::move(reversed_);
  }

private:
  // The last that was put: what is put next goes on there.
  Target top() const { return {false, 0, reversed_.size() - 1}; }

  Target put(std::uint16_t code, std::uint32_t operand, std::uint8_t yes = 0, std::uint8_t no = 0) {
    reversed_.push_back({code, yes, no, operand});
    return top();
  }

  bool is_near(std::size_t place) const { return reversed_.size() - place - 1 <= reach; }

  // The place of the target, or of something near that leads there.
  std::size_t near(Target const& target) {
    if (!target.is_answer)
      return is_near(target.place) ? target.place
                                   : put(go, static_cast<std::uint32_t>(reversed_.size() - target.place - 1)).place;
    for (auto& [answer, place] : answers_) {
      if (answer != target.answer) continue;
      if (!is_near(place)) place = put(answer_with, answer).place;
      return place;
    }
    answers_.push_back({target.answer, put(answer_with, target.answer).place});
    return answers_.back().place;
  }

  // Leads from the instruction that is put next.
  std::uint8_t distance_to(std::size_t place) const { return static_cast<std::uint8_t>(reversed_.size() - place - 1); }

  Target test(std::uint16_t code, std::uint32_t operand, Target const& yes, Target const& no) {
    if (yes == no) return yes;
    std::size_t const first = near(yes), second = near(no);
    return put(code, operand, distance_to(first), distance_to(second));
  }

  // The word of the argument under the mask is that.
  Target test_word(std::uint32_t offset, std::uint32_t mask, std::uint32_t value, Target const& yes, Target const& no) {
    if (mask == 0 || yes == no) return yes;
    test(if_equal, value, yes, no);
    if (mask != UINT32_MAX) put(mask_with, mask);
    return put(load_word, offset);
  }

  Target test_equal(std::uint32_t index, std::uint64_t mask, std::uint64_t value, bool wide, Target const& yes, Target const& no) {
    if (!wide) mask = low(mask), value = low(value);
    if (value & ~mask) return no;  // never
    Target const rest = test_word(offset_of(index, false), low(mask), low(value), yes, no);
    return wide ? test_word(offset_of(index, true), high(mask), high(value), rest, no) : rest;
  }

  Target test_order(std::uint32_t index, std::uint16_t code, std::uint64_t value, bool wide, Target const& yes, Target const& no) {
    if (yes == no || (!wide && high(value))) return no;
    test(code, low(value), yes, no);
    Target const rest = put(load_word, offset_of(index, false));
    if (!wide) return rest;
    test(if_greater, high(value), yes, test(if_equal, high(value), rest, no));
    return put(load_word, offset_of(index, true));
  }

  Target test_condition(Condition const& condition, bool wide, Target const& yes, Target const& no) {
    auto const& [index, op, value, value_two] = condition;
    switch (op) {
      case oci::SeccompOperator::eq: return test_equal(index, UINT64_MAX, value, wide, yes, no);
      case oci::SeccompOperator::ne: return test_equal(index, UINT64_MAX, value, wide, no, yes);
      case oci::SeccompOperator::masked_eq: return test_equal(index, value, value_two, wide, yes, no);
      case oci::SeccompOperator::gt: return test_order(index, if_greater, value, wide, yes, no);
      case oci::SeccompOperator::le: return test_order(index, if_greater, value, wide, no, yes);
      case oci::SeccompOperator::ge: return test_order(index, if_at_least, value, wide, yes, no);
      case oci::SeccompOperator::lt: return test_order(index, if_at_least, value, wide, no, yes);
    }
    return no;
  }

  Target decide(std::size_t number) {
    Decision const& decision = filter_.decisions[number];
    Target next = answer_target(decision.otherwise);
    if (decision.branches.empty()) return next;
    if (blocks_[number]) return *blocks_[number];
    for (auto branch = decision.branches.rbegin(); branch != decision.branches.rend(); ++branch) {
      Target hit = answer_target(branch->answer);
      for (auto condition = branch->all.rbegin(); condition != branch->all.rend(); ++condition)
        hit = test_condition(*condition, decision.wide, hit, next);
      next = hit;
    }
    blocks_[number] = next;
    return next;
  }

  Target search(Range const* first, Range const* end) {
    if (end - first == 1) return decide(first->decision);
    Range const* const middle = first + (end - first) / 2;
    Target const upper = search(middle, end);
    Target const lower = search(first, middle);
    return test(if_at_least, middle->first, upper, lower);
  }

  Target enter(Section const& section) {
    Target const root = search(section.ranges.data(), section.ranges.data() + section.ranges.size());
    // What is not the last that was put is no comparison of numbers, but an answer, or a block that loads for itself.
    return root == top() ? put(load_word, offsetof(seccomp_data, nr)) : root;
  }

  struct PlacedAnswer {
    std::uint32_t answer;
    std::size_t place;
  };
  Filter const& filter_;
  kernel::FilterProgram reversed_;
  std::vector<PlacedAnswer> answers_;              // the last one of each
  std::vector<std::optional<Target>> blocks_;      // of the decisions that look at arguments
};

}  // namespace

kernel::FilterProgram assemble(Filter const& filter) { return Assembler{filter}.program(); }

}  // namespace orlop::plan
