// linux.seccomp: what is refused, and what the plan makes of what the spec leaves open. seccomp_peer.cpp compares the
// rest with libseccomp; golden/seccomp.json shows what is planned. Programs are run by filter_machine.hpp.
#include "base_spec.hpp"
#include "filter_machine.hpp"
#include "refusal.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include <cerrno>
#include <linux/audit.h>
#include <sys/syscall.h>

namespace plan_test {

namespace {

using oci::LinuxSeccomp;
using oci::LinuxSyscall;
using oci::SeccompAction;
using oci::SeccompOperator;
using oci::Spec;

LinuxSeccomp& profile_of(Spec& spec) {
  if (!spec.linux_config->seccomp) {
    auto& profile = spec.linux_config->seccomp.emplace();
    profile.default_action = SeccompAction::allow;
  }
  return *spec.linux_config->seccomp;
}

LinuxSyscall& add(Spec& spec, oci::StringList names, SeccompAction action = SeccompAction::kill) {
  profile_of(spec).syscalls.push_back({std::move(names), action, {}, {}});
  return profile_of(spec).syscalls.back();
}

// So many different conditions that no program holds them.
void add_too_many(Spec& spec) {
  for (std::uint64_t value = 0; value < 1000; ++value)
    add(spec, {"getpid"}).args = {{0, value << 20, 0, SeccompOperator::gt}, {1, value, 0, SeccompOperator::eq}};
}

// clang-format off
RefusalRow const rows[] = {
    {"linux.seccomp.defaultErrnoRet", "SCMP_ACT_ALLOW has no errno", [](Spec& s) { profile_of(s).default_errno_ret = 1; }},
    {"linux.seccomp.defaultErrnoRet", "4096 is above 4095",
     [](Spec& s) { profile_of(s).default_action = SeccompAction::errno_; profile_of(s).default_errno_ret = 4096; }},
    {"linux.seccomp.architectures[1]", "unknown architecture \"SCMP_ARCH_VAX\"",
     [](Spec& s) { profile_of(s).architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"}; }},
    {"linux.seccomp.flags[0]", "unknown flag \"SECCOMP_FILTER_FLAG_NEW_LISTENER\"",
     [](Spec& s) { profile_of(s).flags = oci::StringList{"SECCOMP_FILTER_FLAG_NEW_LISTENER"}; }},
    {"linux.seccomp.syscalls[0].names", "is empty", [](Spec& s) { add(s, {}); }},
    {"linux.seccomp.syscalls[0].errnoRet", "SCMP_ACT_KILL has no errno", [](Spec& s) { add(s, {"getpid"}).errno_ret = 0; }},
    {"linux.seccomp.syscalls[0].errnoRet", "65536 is above 65535",
     [](Spec& s) { add(s, {"getpid"}, SeccompAction::trace).errno_ret = 65536; }},
    {"linux.seccomp.syscalls[1].args[0].index", "6 is above 5, the last argument",
     [](Spec& s) { add(s, {"getppid"}); add(s, {"getpid"}).args = {{6, 0, 0, SeccompOperator::eq}}; }},
    {"linux.seccomp.listenerMetadata", "is set, and listenerPath is not", [](Spec& s) { profile_of(s).listener_metadata = "x"; }},
    {"linux.seccomp.listenerPath", "\"agent\" is not an absolute path",
     [](Spec& s) { add(s, {"getpid"}, SeccompAction::notify); profile_of(s).listener_path = "agent"; }},
    {"linux.seccomp.syscalls[0].names", "no system call of this machine has the name \"no_such_call\"",
     [](Spec& s) { add(s, {"getpid", "no_such_call"}); s.annotations = {{"run.oci.seccomp_fail_unknown_syscall", "1"}}; }},
    {"annotations[\"run.oci.seccomp.plugins\"]", "asks for a seccomp plug-in, and orlop has none: linux.seccomp.listenerPath leads to an agent",
     [](Spec& s) { s.annotations = {{"run.oci.seccomp.plugins", "/agent.so"}}; }},
    {"annotations[\"run.oci.seccomp.receiver\"]", "\"agent\" is not an absolute path",
     [](Spec& s) { add(s, {"getpid"}, SeccompAction::notify); s.annotations = {{"run.oci.seccomp.receiver", "agent"}}; }},
    {"annotations[\"run.oci.seccomp_bpf_data\"]", "is no base64", [](Spec& s) { s.annotations = {{"run.oci.seccomp_bpf_data", "AAA"}}; }},
    {"annotations[\"run.oci.seccomp_bpf_data\"]", "is no base64", [](Spec& s) { s.annotations = {{"run.oci.seccomp_bpf_data", "A=AA"}}; }},
    {"annotations[\"run.oci.seccomp_bpf_data\"]", "3 bytes are no filter: it has instructions of 8 bytes, 1 to 4096 of them",
     [](Spec& s) { s.annotations = {{"run.oci.seccomp_bpf_data", "AAAA"}}; }},
    {"linux.seccomp", "has the action SCMP_ACT_NOTIFY and no listenerPath",
     [](Spec& s) { add(s, {"getpid"}, SeccompAction::notify); }},
    {"linux.seccomp", "has the action SCMP_ACT_NOTIFY and no listenerPath",
     [](Spec& s) { profile_of(s).default_action = SeccompAction::notify; }},
    {"linux.seccomp", "does not allow execve: no program could be executed",
     [](Spec& s) { profile_of(s).default_action = SeccompAction::errno_; }},
    {"linux.seccomp", "does not allow execve: no program could be executed", [](Spec& s) { add(s, {"execve"}); }},
};
// clang-format on

orlop::plan::Plan planned(Spec const& spec) {
  Table host;
  return orlop::plan::make(spec, host, {"web1", "/srv/bundle", false});
}

struct Filter {
  orlop::kernel::FilterProgram program;
  std::uint32_t operator()(long number, std::uint64_t first = 0, std::uint64_t second = 0, std::uint32_t arch = AUDIT_ARCH_X86_64) const {
    return answer_of(program, {static_cast<int>(number), arch, 0, {first, second, 0, 0, 0, 0}});
  }
};

Filter filter_of(Spec const& spec) {
  Filter filter{planned(spec).process.seccomp->program};
  REQUIRE(fault_of(filter.program) == "");
  return filter;
}

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW, kill = SECCOMP_RET_KILL_THREAD;
constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS, not_permitted = SECCOMP_RET_ERRNO | EPERM;

}  // namespace

TEST_CASE("refused: seccomp profiles") {
  for (auto const& row : rows) check_refusal(row);
}

TEST_CASE("refused: a profile that makes a program too long for the kernel") {
  Spec spec = base_spec();
  add_too_many(spec);
  Table host;
  CHECK_THROWS_WITH(planned(spec), Catch::Matchers::StartsWith("linux.seccomp.syscalls: make a filter of ") &&
                                       Catch::Matchers::EndsWith(" instructions, and the kernel takes 4096"));
}

TEST_CASE("refused: a flag that this kernel does not know") {
  Spec spec = base_spec();
  add(spec, {"getpid"}, SeccompAction::notify);
  profile_of(spec).listener_path = "/agent";
  profile_of(spec).flags = oci::StringList{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  Table::Answers answers;
  answers.cgroup_hierarchies = cgroup_layout("v2");
  answers.filter_flags = false;
  Table old{answers};
  CHECK_THROWS_WITH(orlop::plan::make(spec, old, {"web1", "/srv/bundle", false}),
                    "linux.seccomp.flags: this kernel does not know SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
}

TEST_CASE("seccomp: flags") {
  Spec spec = base_spec();
  add(spec, {"getpid"});
  CHECK(planned(spec).process.seccomp->flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  profile_of(spec).flags.emplace();
  CHECK(planned(spec).process.seccomp->flags == 0);
  profile_of(spec).flags = oci::StringList{"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  CHECK(planned(spec).process.seccomp->flags == SECCOMP_FILTER_FLAG_TSYNC);
}

TEST_CASE("seccomp: a listener only for a filter that asks it") {
  Spec spec = base_spec();
  add(spec, {"getpid"});
  profile_of(spec).listener_path = "never looked at";
  CHECK(!planned(spec).process.seccomp->listener);
}

TEST_CASE("seccomp: which of several rules counts") {
  Spec spec = base_spec();
  add(spec, {"getpid"}).args = {{0, 1, 0, SeccompOperator::eq}};
  add(spec, {"getpid"}, SeccompAction::log).args = {{0, 3, 0, SeccompOperator::le}};
  add(spec, {"getppid"}).args = {{0, 1, 0, SeccompOperator::eq}};
  add(spec, {"getppid"}, SeccompAction::trap);
  add(spec, {"getppid"}, SeccompAction::log);
  Filter const filter = filter_of(spec);
  CHECK(filter(SYS_getpid, 1) == kill);
  CHECK(filter(SYS_getpid, 2) == SECCOMP_RET_LOG);
  CHECK(filter(SYS_getpid, 4) == allow);
  CHECK(filter(SYS_getppid, 1) == SECCOMP_RET_TRAP);
}

TEST_CASE("seccomp: conditions on several arguments all hold, on one argument one of them") {
  Spec spec = base_spec();
  add(spec, {"getpid"}).args = {{0, 1, 0, SeccompOperator::eq}, {1, 2, 0, SeccompOperator::eq}};
  add(spec, {"getppid"}).args = {{0, 1, 0, SeccompOperator::eq}, {0, 2, 0, SeccompOperator::eq}};
  Filter const filter = filter_of(spec);
  CHECK(filter(SYS_getpid, 1, 2) == kill);
  CHECK(filter(SYS_getpid, 1, 3) == allow);
  CHECK(filter(SYS_getpid, 3, 2) == allow);
  CHECK(filter(SYS_getppid, 1) == kill);
  CHECK(filter(SYS_getppid, 2) == kill);
  CHECK(filter(SYS_getppid, 3) == allow);
}

TEST_CASE("seccomp: calls newer than the profile") {
  Spec spec = base_spec();
  profile_of(spec).default_action = SeccompAction::errno_;
  add(spec, {"execve", "statx"}, SeccompAction::allow);
  Filter filter = filter_of(spec);
  CHECK(filter(SYS_statx - 1) == not_permitted);
  CHECK(filter(SYS_statx) == allow);
  CHECK(filter(SYS_statx + 1) == no_such_call);
  CHECK(filter(100000) == no_such_call);
  CHECK(filter(-1) == not_permitted);
  profile_of(spec).default_action = SeccompAction::kill;
  CHECK(filter_of(spec)(100000) == no_such_call);
  // A tracer can see for itself, and a listener too.
  profile_of(spec).default_action = SeccompAction::trace;
  CHECK(filter_of(spec)(100000) == (SECCOMP_RET_TRACE | EPERM));
}

TEST_CASE("seccomp: architectures that are not listed") {
  Spec spec = base_spec();
  add(spec, {"getpid"}, SeccompAction::log);
  constexpr int x32 = 0x40000000;
  Filter filter = filter_of(spec);
  CHECK(filter(SYS_getpid | x32) == SECCOMP_RET_KILL_PROCESS);
  CHECK(filter(20, 0, 0, AUDIT_ARCH_I386) == SECCOMP_RET_KILL_PROCESS);
  profile_of(spec).architectures = {"SCMP_ARCH_X32", "SCMP_ARCH_X86"};
  filter = filter_of(spec);
  CHECK(filter(SYS_getpid) == SECCOMP_RET_LOG);
  CHECK(filter(SYS_getpid | x32) == SECCOMP_RET_LOG);
  CHECK(filter(20, 0, 0, AUDIT_ARCH_I386) == SECCOMP_RET_LOG);
  CHECK(filter(SYS_getpid, 0, 0, AUDIT_ARCH_I386) == allow);
}

// Numbers of 32-bit x86: socketcall 102, of it socket 1 and bind 2; ipc 117, of it shmat 21; socket 359.
TEST_CASE("seccomp: socketcall and ipc hide arguments, so the strictest answer is given") {
  Spec spec = base_spec();
  profile_of(spec).architectures = {"SCMP_ARCH_X86"};
  add(spec, {"socket"}, SeccompAction::errno_).args = {{0, 16, 0, SeccompOperator::eq}};
  add(spec, {"shmat"}, SeccompAction::errno_);
  Filter const denies = filter_of(spec);
  auto const old = [](Filter const& filter, long number, std::uint64_t first) { return filter(number, first, 0, AUDIT_ARCH_I386); };
  CHECK(old(denies, 359, 16) == not_permitted);
  CHECK(old(denies, 359, 2) == allow);
  CHECK(old(denies, 102, 1) == not_permitted);
  CHECK(old(denies, 102, 2) == allow);
  CHECK(old(denies, 117, 21) == not_permitted);
  CHECK(old(denies, 117, 0x10015) == not_permitted);  // with a version
  CHECK(old(denies, 117, 22) == allow);
  profile_of(spec).default_action = SeccompAction::errno_;
  profile_of(spec).syscalls.clear();
  add(spec, {"execve", "bind"}, SeccompAction::allow);
  add(spec, {"socket"}, SeccompAction::allow).args = {{0, 1, 0, SeccompOperator::eq}};
  Filter const allows = filter_of(spec);
  CHECK(old(allows, 359, 1) == allow);
  CHECK(old(allows, 102, 1) == not_permitted);
  CHECK(old(allows, 102, 2) == allow);
  add(spec, {"socketcall"}, SeccompAction::allow);
  CHECK(old(filter_of(spec), 102, 1) == allow);
}

TEST_CASE("seccomp: names that no architecture has are left out with a note") {
  Spec spec = base_spec();
  add(spec, {"no_such_call", "getpid", "also_none"});
  auto const plan = planned(spec);
  CHECK(plan.notes == std::vector<std::string>{"linux.seccomp.syscalls: left out, for no system call of this machine has the "
                                               "name: \"no_such_call\", \"also_none\""});
  CHECK(plan.warnings.empty());
}

}  // namespace plan_test
