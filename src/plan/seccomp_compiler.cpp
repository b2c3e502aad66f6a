// The rules of linux.seccomp → a filter program. What the spec leaves open is as runc, crun and libseccomp have it, for the profiles of
// engines are written for them:
//
//   a rule whose answer is the default's                has no effect
//   several rules for a call                            one without conditions counts, the first of these; else the first
//                                                       one whose conditions hold
//   several conditions on the same argument             each is a rule of its own: one of them is enough
//   a name that no architecture here has                has no effect, with a line in the debug log; it is refused with
//                                                       the annotation run.oci.seccomp_fail_unknown_syscall
//   the native architecture                             is always among the architectures
//   an architecture that is not listed                  its calls kill the process
//   a call newer than all that the profile names        ENOSYS, where the default would be an error or death: programs
//                                                       then try the older call (runc)
//   errnoRet left out                                   EPERM (config-linux.md)
//   flags left out                                      SECCOMP_FILTER_FLAG_SPEC_ALLOW (runc)
//
// On 32-bit x86, sockets and System V IPC are reached by calls of their own and by socketcall(2) and ipc(2), too. A rule
// for such a call holds there as well. But their arguments lie behind a pointer, where no filter can look: if a rule has
// conditions, the strictest of the answers that are possible is given (libseccomp looks at the wrong arguments there).
#include "seccomp_compiler.hpp"

#include "filter.hpp"
#include "seccomp_answer.hpp"
#include "section.hpp"
#include "syscall.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>
#include <array>

namespace orlop::plan {

namespace {

constexpr char where[] = "linux.seccomp";
constexpr std::uint32_t skipped = UINT32_MAX;  // the number of a call that a tracer took back: seccomp(2)
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::size_t most_arguments = 6;

// No process of these can run on another machine than their own, so they need no part in the filter.
constexpr std::string_view architecture_names[] = {
    "SCMP_ARCH_X86",       "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",       "SCMP_ARCH_ARM",    "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_MIPS",      "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",       "SCMP_ARCH_PPC64",     "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",     "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",  "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",      "SCMP_ARCH_SH",        "SCMP_ARCH_SHEB",
};

struct Rule {
  std::uint32_t answer = 0;
  std::vector<std::vector<Condition>> alternatives;  // none: always
};

// Which rules a call has: numbers of rules, 0 is none.
struct Slot {
  std::uint16_t always = 0;
  std::uint16_t first_link = 0, last_link = 0;  // those with conditions, in order
};
struct Link {
  std::uint16_t rule, next;
};

class Compiler {
public:
  Compiler(oci::LinuxSeccomp const& profile, Plan& plan, bool wants_known_names)
      : profile_{profile}, plan_{plan}, wants_known_names_{wants_known_names} {}

  void run() {
    default_ = answer_of(profile_.default_action, profile_.default_errno_ret, concat({where, ".defaultErrnoRet"}));
    choose_architectures();
    tables_.resize(architectures_.size());
    for (std::size_t i = 0; i < profile_.syscalls.size(); ++i) read(profile_.syscalls[i], i);
    if (!unknown_.empty())
      plan_.notes.push_back(concat({where, ".syscalls: left out, for no system call of this machine has the name: ", unknown_}));
    filter_.elsewhere = SECCOMP_RET_KILL_PROCESS;
    for (std::size_t i = 0; i < architectures_.size(); ++i) add_ranges(i);
    check_execve();
    describe();
    auto& seccomp = *plan_.process.seccomp;
    seccomp.program = assemble(filter_);
    if (seccomp.program.size() > BPF_MAXINSNS)
      throw Refusal{concat({where, ".syscalls"}), concat({"make a filter of ", seccomp.program.size(),
                                                         " instructions, and the kernel takes ", BPF_MAXINSNS})};
  }

  bool notifies() const { return notifies_; }

private:
  struct Table {
    std::array<Slot, syscall_slots> slots{};
    std::array<Slot, 64> muxed{};  // as Syscall::mux numbers them; ipc's behind 32
    std::uint16_t newest = no_slot;
  };

  SyscallArchitecture const& architecture(std::size_t i) const { return syscall_architectures[architectures_[i]]; }

  // Those of this machine, in its own order: the native one first.
  void choose_architectures() {
    std::array<bool, most_syscall_architectures> chosen{true};
    for (std::size_t i = 0; i < profile_.architectures.size(); ++i) choose(profile_.architectures[i], i, chosen);
    for (std::size_t i = 0; i < syscall_architecture_count; ++i)
      if (chosen[i]) architectures_.push_back(i);
  }

  void choose(std::string const& name, std::size_t index, std::array<bool, most_syscall_architectures>& chosen) {
    if (name == "SCMP_ARCH_NATIVE") return;
    for (std::size_t i = 0; i < syscall_architecture_count; ++i)
      if (name == syscall_architectures[i].name) {
        chosen[i] = true;
        return;
      }
    std::string const place = at("linux.seccomp.architectures", index);
    if (std::find(std::begin(architecture_names), std::end(architecture_names), name) == std::end(architecture_names))
      throw Refusal{place, concat({"unknown architecture ", json_quoted(name)})};
    plan_.notes.push_back(concat({place, ": no program of ", name, " runs on this machine"}));
  }

  void read(oci::LinuxSyscall const& wanted, std::size_t index) {
    constexpr char list[] = "linux.seccomp.syscalls";
    if (wanted.names.empty()) throw Refusal{at(list, index, "names"), "is empty"};
    Rule rule;
    rule.answer = answer_of(wanted.action, wanted.errno_ret, at(list, index, "errnoRet"));
    if (!wanted.args.empty()) rule.alternatives = alternatives_of(wanted.args, at(list, index, "args"));
    bool const has_effect = rule.answer != default_;
    if (has_effect) {
      if (rules_.size() == no_slot) throw Refusal{at(list, index), "is one rule too many"};
      notifies_ |= rule.answer == SECCOMP_RET_USER_NOTIF;
      rules_.push_back(std::move(rule));
    }
    for (auto const& name : wanted.names) {
      auto const* const call = syscall_of(name);
      bool const is_here = call && place(*call, has_effect);
      if (!is_here && wants_known_names_)
        throw Refusal{at(list, index, "names"), concat({"no system call of this machine has the name ", json_quoted(name)})};
      if (!is_here) unknown_ += concat({unknown_.empty() ? "" : ", ", json_quoted(name)});
      if (is_here && has_effect && !wanted.args.empty()) note_by_arguments(name);
    }
  }

  std::vector<std::vector<Condition>> alternatives_of(std::vector<oci::LinuxSeccompArg> const& args, std::string const& list) {
    std::array<unsigned, most_arguments> uses{};
    std::vector<Condition> conditions;
    for (std::size_t i = 0; i < args.size(); ++i) {
      auto const& arg = args[i];
      if (arg.index >= most_arguments) throw Refusal{at(list, i, "index"), concat({arg.index, " is above 5, the last argument"})};
      ++uses[arg.index];
      conditions.push_back({arg.index, arg.op, arg.value, arg.op == oci::SeccompOperator::masked_eq ? arg.value_two : 0});
    }
    if (std::none_of(uses.begin(), uses.end(), [](unsigned count) { return count > 1; })) return {std::move(conditions)};
    std::vector<std::vector<Condition>> alternatives;
    for (auto const& condition : conditions) alternatives.push_back({condition});
    return alternatives;
  }

  void note_by_arguments(std::string const& name) {
    auto& names = plan_.process.seccomp->by_arguments;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }

  // Enters the last rule at a call; false: none of the architectures has it.
  bool place(Syscall const& call, bool has_effect) {
    bool is_here = false;
    for (std::size_t i = 0; i < architectures_.size(); ++i) {
      Table& table = tables_[i];
      if (call.mux && architecture(i).muxes) {
        is_here = true;
        if (has_effect) enter(table.muxed[static_cast<std::size_t>(call.mux > 0 ? call.mux : 32 - call.mux)]);
      }
      std::uint16_t const slot = call.slots[architectures_[i]];
      if (slot == no_slot) continue;
      is_here = true;
      if (slot < ordinary_syscall_slots && (table.newest == no_slot || slot > table.newest)) table.newest = slot;
      if (has_effect) enter(table.slots[slot]);
    }
    return is_here;
  }

  void enter(Slot& slot) {
    auto const rule = static_cast<std::uint16_t>(rules_.size() - 1);
    if (rules_[rule].alternatives.empty()) {
      if (!slot.always) slot.always = rule;
      return;
    }
    if (links_.size() == no_slot) throw Refusal{concat({where, ".syscalls"}), "have too many conditions"};
    auto const link = static_cast<std::uint16_t>(links_.size());
    links_.push_back({rule, 0});
    (slot.last_link ? links_[slot.last_link].next : slot.first_link) = link;
    slot.last_link = link;
  }

  // ---- decisions ----
  std::size_t decision(Decision const& wanted) {
    auto const found = std::find(filter_.decisions.begin(), filter_.decisions.end(), wanted);
    if (found != filter_.decisions.end()) return static_cast<std::size_t>(found - filter_.decisions.begin());
    filter_.decisions.push_back(wanted);
    return filter_.decisions.size() - 1;
  }

  std::size_t always(std::uint32_t answer) {
    for (std::size_t i = 0; i < filter_.decisions.size(); ++i)
      if (filter_.decisions[i].branches.empty() && filter_.decisions[i].otherwise == answer) return i;
    filter_.decisions.push_back({{}, answer, true});
    return filter_.decisions.size() - 1;
  }

  void add_branches(Slot const& slot, std::vector<Branch>& branches) const {
    for (auto link = slot.first_link; link; link = links_[link].next)
      for (auto const& conditions : rules_[links_[link].rule].alternatives)
        branches.push_back({conditions, rules_[links_[link].rule].answer});
  }

  // What a call is answered at a multiplexer, which hides its arguments.
  std::uint32_t hidden_answer(Slot const& slot) const {
    if (slot.always) return rules_[slot.always].answer;
    std::uint32_t strictest = default_;
    for (auto link = slot.first_link; link; link = links_[link].next)
      if (auto const answer = rules_[links_[link].rule].answer; is_stricter(answer, strictest)) strictest = answer;
    return strictest;
  }

  // The call's own rules, then those of the calls that are reached through it. ipc(2) has a version in the upper half of
  // its first argument.
  std::size_t decide_mux(Table const& table, Slot const& slot, bool is_ipc) {
    if (slot.always) return always(rules_[slot.always].answer);
    Decision wanted{{}, default_, false};
    add_branches(slot, wanted.branches);
    for (std::size_t call = 1; call < 32; ++call) {
      std::uint32_t const answer = hidden_answer(table.muxed[call + (is_ipc ? 32 : 0)]);
      if (answer == default_) continue;
      Condition const condition{0, oci::SeccompOperator::masked_eq, is_ipc ? 0xffffU : UINT32_MAX, call};
      wanted.branches.push_back({{condition}, answer});
    }
    return wanted.branches.empty() ? always(default_) : decision(wanted);
  }

  std::size_t decide(Slot const& slot, bool wide) {
    if (slot.always) return always(rules_[slot.always].answer);
    if (!slot.first_link) return always(default_);
    Decision wanted{{}, default_, wide};
    add_branches(slot, wanted.branches);
    return decision(wanted);
  }

  // ---- ranges ----
  bool hides_newer() const { return is_refusal(default_); }

  // Neighbours of one decision are one range; x32's numbers are in the section of x86_64.
  void add_ranges(std::size_t i) {
    auto const& here = architecture(i);
    Table const& table = tables_[i];
    bool const is_x32 = here.base == x32_bit;
    if (!is_x32) filter_.sections.push_back({here.audit, {}});
    auto& ranges = is_x32 ? filter_.sections.front().ranges : filter_.sections.back().ranges;
    if (is_x32) std::erase_if(ranges, [](Range const& range) { return range.first >= x32_bit; });
    auto const from = [&](std::uint32_t first, std::size_t number) {
      if (ranges.empty() || ranges.back().decision != number) ranges.push_back({first, number});
    };
    static auto const* const socketcall = syscall_of("socketcall");
    static auto const* const ipc = syscall_of("ipc");
    bool const knows_newest = hides_newer() && table.newest != no_slot;
    std::size_t const end = knows_newest ? table.newest + std::size_t{1} : ordinary_syscall_slots;
    for (std::size_t slot = 0; slot < end; ++slot) {
      bool const is_ipc = here.muxes && slot == ipc->slots[architectures_[i]];
      bool const is_mux = is_ipc || (here.muxes && slot == socketcall->slots[architectures_[i]]);
      from(syscall_number(here, slot),
           is_mux ? decide_mux(table, table.slots[slot], is_ipc) : decide(table.slots[slot], here.wide));
    }
    std::size_t const newer = always(knows_newest ? SECCOMP_RET_ERRNO | ENOSYS : default_);
    from(here.base + static_cast<std::uint32_t>(end), newer);
    if (!is_x32) {
      for (std::size_t slot = ordinary_syscall_slots; slot < syscall_slots; ++slot)
        if (Slot const& rules = table.slots[slot]; rules.always || rules.first_link) {
          from(syscall_number(here, slot), decide(rules, here.wide));
          from(syscall_number(here, slot) + 1, always(default_));
        }
      if (has_x32(here)) from(x32_bit, always(filter_.elsewhere));
    }
    from(skipped, always(default_));
  }

  // x32's calls come as x86_64's, with a bit.
  static bool has_x32(SyscallArchitecture const& here) {
    for (std::size_t i = 0; i < syscall_architecture_count; ++i)
      if (syscall_architectures[i].base == x32_bit) return syscall_architectures[i].audit == here.audit;
    return false;
  }

  // The filter is loaded before the program is executed: with such a profile no program runs.
  void check_execve() const {
    Slot const& slot = tables_.front().slots[syscall_of("execve")->slots[0]];
    if (!slot.always && slot.first_link) return;
    std::uint32_t const answer = slot.always ? rules_[slot.always].answer : default_;
    if (is_refusal(answer)) throw Refusal{where, "does not allow execve: no program could be executed"};
  }

  // ---- for a reader ----
  void describe() {
    auto& seccomp = *plan_.process.seccomp;
    seccomp.other_calls = default_;
    seccomp.other_architectures = filter_.elsewhere;
    for (std::size_t i = 0; i < architectures_.size(); ++i) seccomp.architectures.emplace_back(architecture(i).name);
    Table const& native = tables_.front();
    for (auto const& slot : native.slots)
      if (slot.always) count(rules_[slot.always].answer);
    if (hides_newer() && native.newest != no_slot)
      for (std::size_t i = 0; i < syscall_count; ++i)
        if (syscalls[i].slots[0] == native.newest) seccomp.newest = name_of(syscalls[i]);
  }

  void count(std::uint32_t answer) {
    for (auto& group : plan_.process.seccomp->groups)
      if (group.answer == answer) {
        ++group.calls;
        return;
      }
    plan_.process.seccomp->groups.push_back({answer, 1});
  }

  oci::LinuxSeccomp const& profile_;
  Plan& plan_;
  bool wants_known_names_;
  std::uint32_t default_ = 0;
  std::vector<std::size_t> architectures_;  // in syscall_architectures
  std::vector<Table> tables_;               // one for each of them
  std::vector<Rule> rules_{1};              // number 0 is none
  std::vector<Link> links_{1};
  Filter filter_;
  std::string unknown_;
  bool notifies_ = false;
};

}  // namespace

bool compile_seccomp(oci::LinuxSeccomp const& profile, bool wants_known_names, Plan& plan) {
  Compiler compiler{profile, plan, wants_known_names};
  compiler.run();
  return compiler.notifies();
}

}  // namespace orlop::plan
