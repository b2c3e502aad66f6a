// The filter that the plan makes of a profile, against the one that libseccomp makes of it in runc's way: both programs
// are run on every number, on every architecture, with arguments that lie at the borders of the conditions. For our own
// profile, for random ones, and for the one that Podman's package brings, if it is installed.
#include "base_spec.hpp"
#include "filter_machine.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/json.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <linux/audit.h>
#include <map>
#include <random>
#include <seccomp.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace plan_test {

namespace {

using oci::LinuxSeccomp;
using oci::LinuxSyscall;
using oci::SeccompAction;
using oci::SeccompOperator;
using orlop::kernel::FilterProgram;

constexpr std::uint32_t x32_bit = 0x40000000;

struct Architecture {
  char const* name;
  std::uint32_t token, audit, base;
  bool wide;
};
// The order of tools/syscall_table.cpp does not matter here.
constexpr Architecture architectures[] = {
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0, true},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0, false},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, x32_bit, false},
};

FilterProgram ours(LinuxSeccomp const& profile) {
  oci::Spec spec = base_spec();
  spec.linux_config->seccomp = profile;
  Table host;
  return orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}).process.seccomp->program;
}

// ---- libseccomp, called as runc calls it ----
std::uint32_t action_of(SeccompAction action, std::optional<std::uint32_t> data) {
  switch (action) {
    case SeccompAction::kill:
    case SeccompAction::kill_thread: return SCMP_ACT_KILL_THREAD;
    case SeccompAction::kill_process: return SCMP_ACT_KILL_PROCESS;
    case SeccompAction::trap: return SCMP_ACT_TRAP;
    case SeccompAction::errno_: return SCMP_ACT_ERRNO(data.value_or(EPERM));
    case SeccompAction::trace: return SCMP_ACT_TRACE(data.value_or(EPERM));
    case SeccompAction::allow: return SCMP_ACT_ALLOW;
    case SeccompAction::log: return SCMP_ACT_LOG;
    case SeccompAction::notify: return SCMP_ACT_NOTIFY;
  }
  return 0;
}

scmp_arg_cmp comparison_of(oci::LinuxSeccompArg const& arg) {
  constexpr scmp_compare words[] = {SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};
  return {arg.index, words[static_cast<std::size_t>(arg.op)], arg.value, arg.value_two};
}

bool has_argument_twice(LinuxSyscall const& rule) {
  std::set<std::uint32_t> seen;
  return !std::all_of(rule.args.begin(), rule.args.end(), [&](auto& arg) { return seen.insert(arg.index).second; });
}

// False: the rule is like another one, or looks so where libseccomp gives up the first argument (socketcall, ipc).
bool add_rule(scmp_filter_ctx context, LinuxSyscall const& rule, std::string const& name, std::uint32_t action) {
  int const number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return true;
  std::vector<scmp_arg_cmp> args;
  for (auto const& arg : rule.args) args.push_back(comparison_of(arg));
  std::size_t const at_once = has_argument_twice(rule) ? 1 : args.size();
  for (std::size_t i = 0; i == 0 || i < args.size(); i += std::max<std::size_t>(at_once, 1)) {
    int const code = seccomp_rule_add_array(context, action, number, static_cast<unsigned>(at_once), args.data() + i);
    if (code == -EEXIST) return false;
    INFO(name);
    REQUIRE(code == 0);
  }
  return true;
}

FilterProgram exported(scmp_filter_ctx context) {
  orlop::Fd const file{memfd_create("bpf", 0)};
  REQUIRE(seccomp_export_bpf(context, file) == 0);
  FilterProgram program(static_cast<std::size_t>(lseek(file, 0, SEEK_END)) / sizeof(sock_filter));
  REQUIRE(pread(file, program.data(), program.size() * sizeof(sock_filter), 0) > 0);
  return program;
}

// Empty: libseccomp does not take the profile.
FilterProgram peers(LinuxSeccomp const& profile) {
  std::uint32_t const usual = action_of(profile.default_action, profile.default_errno_ret);
  scmp_filter_ctx const context = seccomp_init(usual);
  REQUIRE(context);
  REQUIRE(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0);
  for (auto const& name : profile.architectures)
    for (auto const& one : architectures)
      if (name == one.name && one.token != seccomp_arch_native()) REQUIRE(seccomp_arch_add(context, one.token) == 0);
  bool is_taken = true;
  for (auto const& rule : profile.syscalls)
    if (auto const action = action_of(rule.action, rule.errno_ret); action != usual)
      for (auto const& name : rule.names) is_taken = is_taken && add_rule(context, rule, name, action);
  FilterProgram program = is_taken ? exported(context) : FilterProgram{};
  seccomp_release(context);
  return program;
}

// ---- what both are asked ----
bool is_listed(LinuxSeccomp const& profile, Architecture const& one) {
  return one.token == seccomp_arch_native() ||
         std::find(profile.architectures.begin(), profile.architectures.end(), one.name) != profile.architectures.end();
}

// runc's stub: the largest number of an architecture that the profile names; -1: none.
int newest(LinuxSeccomp const& profile, Architecture const& one) {
  int largest = -1;
  for (auto const& rule : profile.syscalls)
    for (auto const& name : rule.names)
      if (int const number = seccomp_syscall_resolve_name_arch(one.token, name.c_str()); number >= 0)
        largest = std::max(largest, static_cast<int>(static_cast<std::uint32_t>(number) & ~one.base));
  // Calls of 32-bit x86 have pseudo numbers, where they can be reached through socketcall or ipc as well.
  for (int number = 359; one.token == SCMP_ARCH_X86 && number < 403; ++number)
    if (char* const name = seccomp_syscall_resolve_num_arch(one.token, number)) {
      for (auto const& rule : profile.syscalls)
        if (std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end()) largest = std::max(largest, number);
      std::free(name);
    }
  return largest;
}

struct Rules {
  std::vector<LinuxSyscall const*> all;
  std::set<std::uint64_t> values;  // worth to be tried
  bool orders_wide = false, hides = false;
  std::size_t alternatives = 0;
};

constexpr char const* hidden_calls[] = {
    "socket",     "bind",       "connect", "listen",  "accept",  "getsockname", "getpeername", "socketpair", "send",
    "recv",       "sendto",     "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4",
    "recvmmsg",   "sendmmsg",   "semop",   "semget",  "semctl",  "semtimedop",  "msgsnd", "msgrcv", "msgget",
    "msgctl",     "shmat",      "shmdt",   "shmget",  "shmctl"};

Rules rules_of(LinuxSeccomp const& profile, std::string const& called, bool muxes) {
  Rules rules;
  bool const is_mux = muxes && (called == "socketcall" || called == "ipc");
  auto const is_hidden = [](std::string const& name) {
    return std::find(std::begin(hidden_calls), std::end(hidden_calls), name) != std::end(hidden_calls);
  };
  for (auto const& rule : profile.syscalls)
    for (auto const& name : rule.names) {
      if (name != called && !(is_mux && is_hidden(name))) continue;
      if (name == called) rules.all.push_back(&rule);
      rules.hides |= muxes && !rule.args.empty() && is_hidden(name);
      rules.alternatives += has_argument_twice(rule) ? rule.args.size() : !rule.args.empty();
      for (auto const& arg : rule.args) {
        for (std::uint64_t const value : {arg.value, arg.value_two, arg.value & arg.value_two})
          for (std::uint64_t const near :
               {value - 1, value, value + 1, value ^ (std::uint64_t{1} << 33), value | ~std::uint64_t{UINT32_MAX}})
            rules.values.insert(near);
        bool const is_order = arg.op != SeccompOperator::eq && arg.op != SeccompOperator::ne && arg.op != SeccompOperator::masked_eq;
        rules.orders_wide |= is_order && arg.value > UINT32_MAX;
      }
    }
  for (std::uint64_t call = 0; is_mux && call < 28; ++call) rules.values.insert(call);
  return rules;
}

// ---- what the words of a profile say, without any program ----
bool holds(oci::LinuxSeccompArg const& wanted, std::uint64_t arg, bool wide) {
  std::uint64_t const all = wide ? UINT64_MAX : UINT32_MAX;
  switch (wanted.op) {
    case SeccompOperator::ne: return arg != (wanted.value & all);
    case SeccompOperator::eq: return arg == (wanted.value & all);
    case SeccompOperator::masked_eq: return (arg & wanted.value) == (wanted.value_two & all);
    case SeccompOperator::lt: return arg < wanted.value;
    case SeccompOperator::le: return arg <= wanted.value;
    case SeccompOperator::ge: return arg >= wanted.value;
    case SeccompOperator::gt: return arg > wanted.value;
  }
  return false;
}

std::uint32_t said(LinuxSeccomp const& profile, Rules const& rules, bool wide, seccomp_data const& call) {
  std::uint32_t const usual = action_of(profile.default_action, profile.default_errno_ret);
  for (auto const* const rule : rules.all)
    if (auto const action = action_of(rule->action, rule->errno_ret); rule->args.empty() && action != usual) return action;
  for (auto const* const rule : rules.all) {
    auto const is_met = [&](auto const& arg) { return holds(arg, call.args[arg.index], wide); };
    bool const hits = has_argument_twice(*rule) ? std::any_of(rule->args.begin(), rule->args.end(), is_met)
                                                : std::all_of(rule->args.begin(), rule->args.end(), is_met);
    auto const action = action_of(rule->action, rule->errno_ret);
    if (!rule->args.empty() && action != usual && hits) return action;
  }
  return usual;
}

using Random = std::mt19937_64;

std::uint64_t argument(Rules const& rules, bool wide, Random& random) {
  std::uint64_t value = random();
  if (!rules.values.empty() && random() % 8) {
    auto at = rules.values.begin();
    std::advance(at, static_cast<long>(random() % rules.values.size()));
    value = *at;
  }
  return wide ? value : value & UINT32_MAX;
}

// The largest number that has not got ENOSYS for being newer; -1: all.
int largest_of(LinuxSeccomp const& profile, Architecture const& one) {
  auto const usual = profile.default_action;
  bool const is_refusal = usual != SeccompAction::allow && usual != SeccompAction::log && usual != SeccompAction::trace;
  return is_listed(profile, one) && is_refusal ? newest(profile, one) : -1;
}

std::string rules_text(LinuxSeccomp const& profile, Rules const& rules) {
  LinuxSeccomp about = profile;
  about.syscalls.clear();
  for (auto const* const rule : rules.all) {
    about.syscalls.push_back(*rule);
    about.syscalls.back().names = {"it"};
  }
  return oci::print(about, oci::Style::compact);
}

class Comparison {
public:
  Comparison(LinuxSeccomp const& profile, Random& random)
      : profile_{profile}, our_{ours(profile)}, peer_{peers(profile)}, random_{random} {
    REQUIRE(fault_of(our_) == "");
  }

  std::size_t size() const { return our_.size(); }
  std::size_t peers_size() const { return peer_.size(); }

  void run() {
    for (auto const& one : architectures) compare(one);
    seccomp_data foreign{};
    foreign.arch = AUDIT_ARCH_AARCH64;
    CHECK(answer_of(our_, foreign) == SECCOMP_RET_KILL_PROCESS);
  }

private:
  void compare(Architecture const& one) {
    largest_ = largest_of(profile_, one);
    bool const muxes = one.token == SCMP_ARCH_X86;
    for (std::uint32_t number = 0; number < 600; ++number) {
      char* const found = seccomp_syscall_resolve_num_arch(one.token, static_cast<int>(number | one.base));
      Rules const rules = rules_of(profile_, found ? found : "", muxes);
      std::free(found);
      for (int i = 0; i < (rules.values.empty() ? 1 : 200); ++i) compare(one, number | one.base, rules);
    }
    compare(one, one.base | (x32_bit - 1), {});
    compare(one, UINT32_MAX, {});
    bool const takes_bit = one.token == SCMP_ARCH_X86_64 && !is_listed(profile_, architectures[2]);
    for (std::uint32_t const number : {0x40000000U, 0x7fffffffU, 0x80000000U, 0xfffffffeU})
      if (takes_bit) compare(one, number, {});
  }

  void compare(Architecture const& one, std::uint32_t number, Rules const& rules) {
    seccomp_data call{};
    call.arch = one.audit;
    call.nr = static_cast<int>(number);
    for (auto& arg : call.args) arg = argument(rules, one.wide, random_);
    std::uint32_t const plain = number & ~one.base;
    bool const is_newer = largest_ >= 0 && plain > static_cast<std::uint32_t>(largest_) && plain < x32_bit;
    bool const is_mux = one.token == SCMP_ARCH_X86 && (number == 102 || number == 117);
    if (is_newer) expect(one, call, rules, SECCOMP_RET_ERRNO | ENOSYS, "ENOSYS");
    else if (!rules.all.empty() && is_listed(profile_, one) && !is_mux) expect(one, call, rules, said(profile_, rules, one.wide, call), "the profile");
    // libseccomp merges several rules with conditions into a tree, and the tree does not always say what they say. Of
    // narrow arguments it compares with the lower half of a value; of hidden ones with what is not there.
    bool const is_sound = rules.alternatives < 2 && (one.wide || !(rules.orders_wide || rules.hides));
    if (!is_newer && is_sound && !peer_.empty()) expect(one, call, rules, answer_of(peer_, call), "libseccomp");
  }

  void expect(Architecture const& one, seccomp_data const& call, Rules const& rules, std::uint32_t should, char const* who) {
    std::uint32_t const is = answer_of(our_, call);
    if (is == should || ++faults_ > 3) return;
    FAIL_CHECK(one.name << " " << call.nr << " (" << orlop::concat({call.args[0], ", ", call.args[1], ", ", call.args[2], ", ",
               call.args[3], ", ", call.args[4], ", ", call.args[5]}) << "): " << std::hex << is << ", and " << who << " says "
               << should << " of " << rules_text(profile_, rules));
  }

  LinuxSeccomp const& profile_;
  FilterProgram our_, peer_;
  Random& random_;
  std::size_t faults_ = 0;
  int largest_ = -1;
};

std::vector<std::string> const& all_names() {
  static std::vector<std::string> const names = [] {
    std::set<std::string> found;
    for (auto const& one : architectures)
      for (int number = 0; number < 600; ++number)
        if (char* const name = seccomp_syscall_resolve_num_arch(one.token, number | static_cast<int>(one.base))) {
          found.insert(name);
          std::free(name);
        }
    return std::vector<std::string>{found.begin(), found.end()};
  }();
  return names;
}

// In the shape of an engine's default profile.
LinuxSeccomp engine_like() {
  std::set<std::string> const without{
      "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "clone", "create_module", "delete_module", "finit_module",
      "get_kernel_syms", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie",
      "mbind", "mount", "move_pages", "nfsservctl", "open_by_handle_at", "perf_event_open", "personality", "pivot_root",
      "process_vm_readv", "process_vm_writev", "ptrace", "query_module", "quotactl", "reboot", "request_key", "setns",
      "settimeofday", "socket", "stime", "swapoff", "swapon", "sysfs", "_sysctl", "umount", "umount2", "unshare", "uselib",
      "userfaultfd", "ustat", "vm86", "vm86old"};
  LinuxSeccomp profile;
  profile.default_action = SeccompAction::errno_;
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  LinuxSyscall allowed{{}, SeccompAction::allow, {}, {}};
  for (auto const& name : all_names())
    if (!without.count(name)) allowed.names.push_back(name);
  profile.syscalls.push_back(allowed);
  for (std::uint64_t const value : {0x0ULL, 0x8ULL, 0x20000ULL, 0x20008ULL, 0xffffffffULL})
    profile.syscalls.push_back({{"personality"}, SeccompAction::allow, {}, {{0, value, 0, SeccompOperator::eq}}});
  profile.syscalls.push_back({{"clone"}, SeccompAction::allow, {}, {{0, 0x7e020000, 0, SeccompOperator::masked_eq}}});
  profile.syscalls.push_back({{"clone3"}, SeccompAction::errno_, ENOSYS, {}});
  profile.syscalls.push_back({{"socket"}, SeccompAction::allow, {}, {{0, 40, 0, SeccompOperator::ne}}});
  profile.syscalls.push_back({{"ptrace", "bpf", "no_such_call"}, SeccompAction::errno_, EINVAL, {}});
  return profile;
}

struct Kind {
  SeccompAction action;
  std::optional<std::uint32_t> data;
};

Kind random_kind(Random& random) {
  constexpr SeccompAction words[] = {SeccompAction::allow, SeccompAction::errno_, SeccompAction::errno_, SeccompAction::kill,
                                     SeccompAction::kill_process, SeccompAction::trap, SeccompAction::trace,
                                     SeccompAction::log, SeccompAction::allow};
  auto const action = words[random() % std::size(words)];
  if (action == SeccompAction::errno_ || action == SeccompAction::trace) return {action, random() % 3 + 1};
  return {action, {}};
}

std::uint64_t random_value(Random& random) {
  constexpr std::uint64_t values[] = {0, 1, 2, 16, 40, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x200000001,
                                      0x7e020000, 0xffffffffffffffff, 0xffffffff00000000};
  return random() % 4 ? values[random() % std::size(values)] : random();
}

oci::LinuxSeccompArg random_condition(Random& random, std::uint32_t index) {
  auto const op = static_cast<SeccompOperator>(random() % 7);
  std::uint64_t const value = random_value(random);
  return {index, value, op == SeccompOperator::masked_eq ? random_value(random) & value : 0, op};
}

// All rules with conditions for one call have one answer: where they contradict each other libseccomp's answer depends on
// how it merges them.
LinuxSeccomp random_profile(Random& random) {
  LinuxSeccomp profile;
  auto const usual = random_kind(random);
  profile.default_action = usual.action;
  profile.default_errno_ret = usual.data;
  for (auto const& one : architectures)
    if (random() % 2) profile.architectures.push_back(one.name);
  for (std::size_t i = 0; i < 1 + random() % 12; ++i) {
    auto const kind = random_kind(random);
    LinuxSyscall rule{{}, kind.action, kind.data, {}};
    for (std::size_t count = 1 + random() % 60; count; --count) rule.names.push_back(all_names()[random() % all_names().size()]);
    profile.syscalls.push_back(rule);
  }
  std::map<std::string, Kind> kinds;
  for (std::size_t i = 0; i < random() % 30; ++i) {
    std::string const& name = all_names()[random() % all_names().size()];
    auto const kind = kinds.emplace(name, random_kind(random)).first->second;
    for (std::size_t count = 1 + random() % 3; count; --count) {
      LinuxSyscall rule{{name}, kind.action, kind.data, {}};
      auto const first = static_cast<std::uint32_t>(random() % 3);
      for (std::uint32_t index = first; index < first + 1 + random() % 3; ++index)
        rule.args.push_back(random_condition(random, random() % 8 ? index : first));
      profile.syscalls.push_back(rule);
    }
  }
  profile.syscalls.push_back({{"execve"}, SeccompAction::allow, {}, {}});
  auto const is_execve = [](std::string const& name) { return name == "execve"; };
  for (std::size_t i = 0; i + 1 < profile.syscalls.size(); ++i) std::erase_if(profile.syscalls[i].names, is_execve);
  std::erase_if(profile.syscalls, [](LinuxSyscall const& rule) { return rule.names.empty(); });
  return profile;
}

}  // namespace

TEST_CASE("seccomp: a profile like an engine's is what libseccomp makes of it") {
  Random random{1};
  LinuxSeccomp profile = engine_like();
  Comparison comparison{profile, random};
  comparison.run();
  CHECK(comparison.size() < comparison.peers_size());
  profile.default_action = SeccompAction::kill;
  profile.architectures.clear();
  Comparison{profile, random}.run();
}

TEST_CASE("seccomp: random profiles are what they say, and what libseccomp makes of them") {
  char const* const more = std::getenv("ORLOP_RANDOM_PROFILES");
  auto const count = static_cast<std::uint64_t>(more ? std::atoi(more) : 20);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    Random random{seed};
    INFO("seed " << seed);
    LinuxSeccomp const profile = random_profile(random);
    Comparison{profile, random}.run();
  }
}

// The file of Podman's package has "includes" and "excludes", which Podman resolves: all of its rules are taken here.
TEST_CASE("seccomp: Podman's own profile, where it is installed") {
  constexpr char path[] = "/usr/share/containers/seccomp.json";
  if (access(path, R_OK) < 0) return;
  auto profile = oci::parse<LinuxSeccomp>(orlop::file::read(path), path);
  for (auto const& one : architectures) profile.architectures.push_back(one.name);
  Random random{1};
  Comparison comparison{profile, random};
  comparison.run();
  CHECK(comparison.peers_size() > 0);
  CHECK(comparison.size() < comparison.peers_size());
  INFO(comparison.size() << " instructions, libseccomp's has " << comparison.peers_size());
  CHECK(comparison.size() < 600);
}

}  // namespace plan_test
