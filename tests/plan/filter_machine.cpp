#include "filter_machine.hpp"

#include "orlop/base/text.hpp"

#include <cstring>

namespace plan_test {

namespace {

bool is_jump(sock_filter const& one) { return BPF_CLASS(one.code) == BPF_JMP; }

std::string fault_at(orlop::kernel::FilterProgram const& program, std::size_t i) {
  auto const& one = program[i];
  std::size_t const behind = program.size() - i - 1;
  switch (one.code) {
    case BPF_LD | BPF_W | BPF_ABS: return one.k % 4 || one.k >= sizeof(seccomp_data) ? "a load from nowhere" : "";
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K: return "";
    case BPF_JMP | BPF_JA: return one.k >= behind ? "a jump behind the end" : "";
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K: return one.jt >= behind || one.jf >= behind ? "a jump behind the end" : "";
    default: return orlop::concat({"an instruction ", one.code});
  }
}

bool holds(sock_filter const& one, std::uint32_t a) {
  switch (BPF_OP(one.code)) {
    case BPF_JEQ: return a == one.k;
    case BPF_JGT: return a > one.k;
    case BPF_JGE: return a >= one.k;
    default: return a & one.k;
  }
}

}  // namespace

std::string fault_of(orlop::kernel::FilterProgram const& program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) return orlop::concat({program.size(), " instructions"});
  if (BPF_CLASS(program.back().code) != BPF_RET) return "it does not end with an answer";
  for (std::size_t i = 0; i < program.size(); ++i)
    if (auto const fault = fault_at(program, i); !fault.empty()) return orlop::concat({fault, " at ", i});
  return "";
}

std::uint32_t answer_of(orlop::kernel::FilterProgram const& program, seccomp_data const& call) {
  std::uint32_t a = 0;
  for (std::size_t i = 0;; ++i) {
    auto const& one = program[i];
    if (BPF_CLASS(one.code) == BPF_RET) return one.k;
    if (BPF_CLASS(one.code) == BPF_LD)
      std::memcpy(&a, reinterpret_cast<char const*>(&call) + one.k, sizeof a);
    else if (!is_jump(one))
      a &= one.k;
    else if (BPF_OP(one.code) == BPF_JA)
      i += one.k;
    else
      i += holds(one, a) ? one.jt : one.jf;
  }
}

}  // namespace plan_test
