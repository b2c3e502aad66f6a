// What is printed, and that reading it gives the same value again.
#include "reading.hpp"

using namespace oci;

TEST_CASE("the full configuration prints as it was written") {
    std::string const text = fixture("full.json");
    CHECK(print(parse<Spec>(text, "full.json"), Style::pretty) + "\n" == text);
}

TEST_CASE("reading what was printed gives the same value") {
    auto const name = GENERATE("full.json", "spec_shape.json", "docker_shape.json", "podman_shape.json");
    INFO(name);
    Notes notes;
    auto const spec = parse<Spec>(fixture(name), name, &notes);
    CHECK(notes.empty());
    std::string const pretty = print(spec, Style::pretty);
    std::string const compact = print(spec, Style::compact);
    CHECK(parse<Spec>(pretty, "pretty") == spec);
    CHECK(parse<Spec>(compact, "compact") == spec);
    CHECK(print(parse<Spec>(compact, "compact"), Style::pretty) == pretty);
    CHECK(compact.find('\n') == std::string::npos);
}

TEST_CASE("the shapes of the engines arrive") {
    auto const docker = parse<Spec>(fixture("docker_shape.json"), "docker");
    CHECK(docker.process->args.back() == "daemon off; # <a> & b");  // \u003c and so on, as Go writes
    CHECK(docker.linux_config->seccomp->syscalls.size() == 9);
    CHECK(docker.linux_config->resources->memory == LinuxMemory{});
    CHECK(docker.hooks->prestart[0].path == "/proc/1234/exe");
    auto const podman = parse<Spec>(fixture("podman_shape.json"), "podman");
    CHECK(podman.hooks == Hooks{});
    CHECK(podman.linux_config->uid_mappings.size() == 2);
    CHECK(podman.annotations.size() == 4);
}

TEST_CASE("what is required or always wanted is printed though it is zero") {
    CHECK(print(Spec{}, Style::compact) == R"({"ociVersion":""})");
    CHECK(print(Process{}, Style::compact) == R"({"user":{"uid":0,"gid":0},"cwd":""})");
    CHECK(print(LinuxDeviceCgroup{}, Style::compact) == R"({"allow":false})");
    CHECK(print(LinuxNamespace{}, Style::compact) == R"({"type":"pid"})");
    CHECK(print(LinuxPids{.limit = 0}, Style::compact) == R"({"limit":0})");
    CHECK(print(LinuxMemory{.disable_oom_killer = false}, Style::compact) == R"({"disableOOMKiller":false})");
}

TEST_CASE("empty containers stay on their line") {
    CHECK(print(LinuxSeccomp{.flags = StringList{}}, Style::pretty) ==
          "{\n    \"defaultAction\": \"SCMP_ACT_KILL\",\n    \"flags\": []\n}");
    CHECK(print(LinuxSeccomp{}, Style::compact) == R"({"defaultAction":"SCMP_ACT_KILL"})");
    CHECK(print(Hooks{}, Style::pretty) == "{}");
}

TEST_CASE("strings are escaped, and what is not UTF-8 is replaced") {
    CHECK(print(std::string("a\"b\\c\b\f\n\r\t\x01\x1f\x7f/é😀"), Style::compact) ==
          R"("a\"b\\c\b\f\n\r\t\u0001\u001f\u007f/é😀")");
    CHECK(print(std::string("a\xff" "b\xc3"), Style::compact) == "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"");
    CHECK(print(std::string("\xed\xa0\x80"), Style::compact) == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("integers of every width print to their ends") {
    CHECK(print(std::int64_t{INT64_MIN}, Style::compact) == "-9223372036854775808");
    CHECK(print(std::uint64_t{UINT64_MAX}, Style::compact) == "18446744073709551615");
    CHECK(print(std::int16_t{-5}, Style::compact) == "-5");
    CHECK(print(std::uint8_t{255}, Style::compact) == "255");
    CHECK(print(int{-2147483647 - 1}, Style::compact) == "-2147483648");
}

TEST_CASE("every word of every set is read as it is printed") {
    auto const round = []<class Enum>(Enum) {
        for (std::size_t i = 0; i < words<Enum>().size(); ++i) {
            auto const value = static_cast<Enum>(i);
            CHECK(word(value) == words<Enum>()[i]);
            CHECK(parse<Enum>('"' + std::string(word(value)) + '"', "-") == value);
        }
    };
    round(NamespaceKind::pid);
    round(SchedulerPolicy::other);
    round(SchedulerFlag::reclaim);
    round(IoPriorityClass::rt);
    round(SeccompAction::kill);
    round(SeccompOperator::ne);
    round(MemoryPolicyMode::bind);
    round(MemoryPolicyFlag::static_nodes);
    round(PersonalityDomain::linux_64);
    CHECK(word(SeccompAction::errno_) == "SCMP_ACT_ERRNO");
    CHECK(word(SeccompAction::notify) == "SCMP_ACT_NOTIFY");
    CHECK(word(MemoryPolicyMode::local) == "MPOL_LOCAL");
    CHECK(word(SchedulerFlag::util_clamp_max) == "SCHED_FLAG_UTIL_CLAMP_MAX");
    CHECK(word(SeccompOperator::masked_eq) == "SCMP_CMP_MASKED_EQ");
    CHECK(word(NamespaceKind::time) == "time");
}
