// Every refusal with its exact words and place.
#include "reading.hpp"

using namespace oci;

namespace {

// A text with one member after ociVersion, whose value starts at column 2 + name + 4 of line 3.
std::string with(std::string_view members) {
    return "{\n\"ociVersion\": \"1.0.0\",\n" + std::string(members) + "\n}";
}

struct Case {
    char const* members;
    char const* error;
};

}  // namespace

TEST_CASE("wrong types are named, with their place") {
    auto const [members, error] = GENERATE(values<Case>({
        {R"("hostname": 7)", "config.json:3:13: hostname: expected string, found number"},
        {R"("hostname": ["a"])", "config.json:3:13: hostname: expected string, found array"},
        {R"("mounts": {})", "config.json:3:11: mounts: expected array, found object"},
        {R"("process": true)", "config.json:3:12: process: expected object, found boolean"},
        {R"("annotations": "x")", "config.json:3:16: annotations: expected object, found string"},
        {R"("annotations": {"a.b": 1})", "config.json:3:24: annotations[\"a.b\"]: expected string, found number"},
        {R"("annotations": {"a": null})", "config.json:3:22: annotations.a: expected string, found null"},
        {R"("root": {"path": null})", "config.json:3:18: root.path: expected string, found null"},
        {R"("root": {"path": "/", "readonly": 1})", "config.json:3:35: root.readonly: expected boolean, found number"},
        {"\"process\": {\"cwd\": \"/\",\n  \"args\": [\"a\", null]}",
         "config.json:4:17: process.args[1]: expected string, found null"},
        {R"("process": {"cwd": "/", "oomScoreAdj": "5"})",
         "config.json:3:40: process.oomScoreAdj: expected number, found string"},
    }));
    CHECK(error_of(with(members)) == error);
}

TEST_CASE("the top level has no path") {
    CHECK(error_of("[]") == "config.json:1:1: expected object, found array");
    CHECK(error_of("\n  5") == "config.json:2:3: expected object, found number");
    CHECK(error_of("null") == "config.json:1:1: expected object, found null");
}

TEST_CASE("numbers out of range are named, with the range") {
    CHECK(error_of<LinuxRdma>(R"({"hcaHandles": -1})") ==
          "config.json:1:16: hcaHandles: -1 is out of range (0 to 4294967295)");
    CHECK(error_of<LinuxRdma>(R"({"hcaHandles": 4294967296})") ==
          "config.json:1:16: hcaHandles: 4294967296 is out of range (0 to 4294967295)");
    CHECK(error_of<LinuxCpu>(R"({"shares": 18446744073709551616})") ==
          "config.json:1:12: shares: 18446744073709551616 is out of range (0 to 18446744073709551615)");
    CHECK(error_of<LinuxCpu>(R"({"quota": 9223372036854775808})") ==
          "config.json:1:11: quota: 9223372036854775808 is out of range "
          "(-9223372036854775808 to 9223372036854775807)");
    CHECK(error_of<LinuxCpu>(R"({"quota": -9223372036854775809})") ==
          "config.json:1:11: quota: -9223372036854775809 is out of range "
          "(-9223372036854775808 to 9223372036854775807)");
    CHECK(error_of<LinuxBlockIo>(R"({"weight": 65536})") ==
          "config.json:1:12: weight: 65536 is out of range (0 to 65535)");
    CHECK(error_of<int>("2147483648") == "config.json:1:1: 2147483648 is out of range (-2147483648 to 2147483647)");
    CHECK(error_of<int>("-2147483649") == "config.json:1:1: -2147483649 is out of range (-2147483648 to 2147483647)");
    CHECK(error_of<std::int8_t>("-129") == "config.json:1:1: -129 is out of range (-128 to 127)");
    CHECK(error_of<unsigned>("-0") == "config.json:1:1: -0 is out of range (0 to 4294967295)");
    CHECK(error_of<unsigned>(std::string(50, '9')) ==
          "config.json:1:1: " + std::string(40, '9') + "... is out of range (0 to 4294967295)");
}

TEST_CASE("the ends of the ranges are within") {
    CHECK(parse<LinuxRdma>(R"({"hcaHandles": 4294967295, "hcaObjects": 0})", "-") == LinuxRdma{4294967295u, 0u});
    CHECK(parse<int>("-2147483648", "-") == -2147483647 - 1);
    CHECK(parse<int>("2147483647", "-") == 2147483647);
    CHECK(parse<std::int8_t>("-128", "-") == -128);
    CHECK(parse<std::int64_t>("-0", "-") == 0);
    CHECK(parse<std::uint16_t>("65535", "-") == 65535);
}

TEST_CASE("fractions and exponents are no integers") {
    CHECK(error_of<LinuxCpu>(R"({"shares": 1.5})") == "config.json:1:12: shares: expected an integer, found 1.5");
    CHECK(error_of<LinuxCpu>(R"({"shares": 1.0})") == "config.json:1:12: shares: expected an integer, found 1.0");
    CHECK(error_of<LinuxCpu>(R"({"shares": 1e3})") == "config.json:1:12: shares: expected an integer, found 1e3");
    CHECK(error_of<LinuxCpu>(R"({"quota": -1E3})") == "config.json:1:11: quota: expected an integer, found -1E3");
}

TEST_CASE("unknown words are named, with the known ones") {
    auto const [members, error] = GENERATE(values<Case>({
        {"\"linux\": {\"namespaces\": [{\"type\": \"pid\"},\n    {\"type\": \"nett\"}]}",
         "config.json:4:14: linux.namespaces[1].type: unknown namespace \"nett\" "
         "(known: pid, network, mount, ipc, uts, user, cgroup, time)"},
        {R"("linux": {"namespaces": [{"type": ""}]})",
         "config.json:3:35: linux.namespaces[0].type: unknown namespace \"\" "
         "(known: pid, network, mount, ipc, uts, user, cgroup, time)"},
        {R"("linux": {"personality": {"domain": "linux"}})",
         "config.json:3:37: linux.personality.domain: unknown personality domain \"linux\" (known: LINUX, LINUX32)"},
        {R"("process": {"cwd": "/", "ioPriority": {"class": "IOPRIO_CLASS_NONE"}})",
         "config.json:3:49: process.ioPriority.class: unknown I/O priority class \"IOPRIO_CLASS_NONE\" "
         "(known: IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE)"},
        {R"("linux": {"memoryPolicy": {"mode": "MPOL_BIND", "flags": ["\u001b[2J"]}})",
         "config.json:3:59: linux.memoryPolicy.flags[0]: unknown memory policy flag \"\\u001b[2J\" "
         "(known: MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES)"},
    }));
    CHECK(error_of(with(members)) == error);
}

TEST_CASE("a missing member is named, at the object that lacks it") {
    CHECK(error_of("{}") == "config.json:1:1: ociVersion: required, but missing");
    auto const [members, error] = GENERATE(values<Case>({
        {R"("root": {})", "config.json:3:9: root.path: required, but missing"},
        {"\"mounts\": [{\"destination\": \"/\"},\n {\"type\": \"proc\"}]",
         "config.json:4:2: mounts[1].destination: required, but missing"},
        {R"("process": {"args": ["a"]})", "config.json:3:12: process.cwd: required, but missing"},
        {R"("process": {"cwd": "/", "consoleSize": {"height": 1}})",
         "config.json:3:40: process.consoleSize.width: required, but missing"},
        {R"("process": {"cwd": "/", "rlimits": [{"type": "RLIMIT_CPU", "soft": 1}]})",
         "config.json:3:37: process.rlimits[0].hard: required, but missing"},
        {R"("process": {"cwd": "/", "scheduler": {}})",
         "config.json:3:38: process.scheduler.policy: required, but missing"},
        {R"("hooks": {"poststop": [{"args": []}]})", "config.json:3:24: hooks.poststop[0].path: required, but missing"},
        {R"("linux": {"namespaces": [{}]})", "config.json:3:26: linux.namespaces[0].type: required, but missing"},
        {R"("linux": {"devices": [{"type": "c"}]})", "config.json:3:23: linux.devices[0].path: required, but missing"},
        {R"("linux": {"devices": [{"path": "/dev/x"}]})",
         "config.json:3:23: linux.devices[0].type: required, but missing"},
        {R"("linux": {"uidMappings": [{"hostID": 1, "size": 1}]})",
         "config.json:3:27: linux.uidMappings[0].containerID: required, but missing"},
        {R"("linux": {"seccomp": {}})", "config.json:3:22: linux.seccomp.defaultAction: required, but missing"},
        {R"("linux": {"memoryPolicy": {}})", "config.json:3:27: linux.memoryPolicy.mode: required, but missing"},
        {R"("linux": {"resources": {"devices": [{}]}})",
         "config.json:3:37: linux.resources.devices[0].allow: required, but missing"},
    }));
    CHECK(error_of(with(members)) == error);
}

TEST_CASE("a duplicate key is refused at its second place, in known and unknown objects") {
    CHECK(error_of("{\"ociVersion\": \"1.0.0\",\n \"ociVersion\": \"1.0.0\"}") ==
          "config.json:2:2: ociVersion: duplicate key");
    CHECK(error_of(with(R"("x": [{"y": 1, "y": 2}])")) == "config.json:3:16: x[0].y: duplicate key");
    CHECK(error_of(with(R"("annotations": {"a b": "", "a b": ""})")) ==
          "config.json:3:28: annotations[\"a b\"]: duplicate key");
    CHECK(error_of(with(R"("annotations": {"ab": "", "\u0061b": ""})")) ==
          "config.json:3:27: annotations.ab: duplicate key");
}

TEST_CASE("a duplicate key is found in a large object too") {
    std::string members;
    for (int i = 0; i < 100; ++i) members += "\"k" + std::to_string(i) + "\": \"\",\n";
    CHECK(error_of(with("\"annotations\": {" + members + "\"last\": \"\"}")) == "no error");
    CHECK(error_of(with("\"annotations\": {" + members + "\"k42\": \"\"}")) ==
          "config.json:103:1: annotations.k42: duplicate key");
}

TEST_CASE("strings that cannot be kept are refused") {
    CHECK(error_of(with(R"("process": {"args": ["a", "b\u0000c"]})")) ==
          "config.json:3:27: process.args[1]: the string contains a NUL (\\u0000)");
    CHECK(error_of(with(R"("hostname": "\ud800")")) ==
          "config.json:3:13: hostname: the string contains half a surrogate pair");
    CHECK(error_of(with(R"("hostname": "\udc00\ud800")")) ==
          "config.json:3:13: hostname: the string contains half a surrogate pair");
    CHECK(error_of(with(R"("hostname": "\ud800\u0041")")) ==
          "config.json:3:13: hostname: the string contains half a surrogate pair");
    CHECK(error_of(with(R"("hostname": "\ud800-udc00")")) ==
          "config.json:3:13: hostname: the string contains half a surrogate pair");
    CHECK(error_of(with(R"("annotations": {"a": {"\u0000": 1}})")) ==
          "config.json:3:23: annotations.a[\"\"]: the string contains a NUL (\\u0000)");
}

TEST_CASE("text that is not UTF-8 is refused at its byte") {
    CHECK(error_of(with("\"hostname\": \"a\xff\"")) == "config.json:3:15: not valid UTF-8");
    CHECK(error_of(with("\"hostname\": \"\xc0\x80\"")) == "config.json:3:14: not valid UTF-8");
    CHECK(error_of(with("\"hostname\": \"\xed\xa0\x80\"")) == "config.json:3:14: not valid UTF-8");
    CHECK(error_of(with("\"hostname\": \"\xf4\x90\x80\x80\"")) == "config.json:3:14: not valid UTF-8");
    CHECK(error_of("\"\xe2\x82") == "config.json:1:2: not valid UTF-8");
}

TEST_CASE("text that is not JSON is refused at its byte") {
    auto const [text, error] = GENERATE(values<Case>({
        {"", "config.json:1:1: empty: expected a JSON object"},
        {" \n\t", "config.json:1:1: empty: expected a JSON object"},
        {"{", "config.json:1:2: not JSON: premature EOF"},
        {"{\n", "config.json:2:1: not JSON: premature EOF"},
        {"{\"a\": \"b", "config.json:1:9: not JSON: premature EOF"},
        {"{\"a\": tru", "config.json:1:10: not JSON: invalid string in json text"},
        {"{}\n}", "config.json:2:1: not JSON: trailing garbage"},
        {"{} x", "config.json:1:4: not JSON: trailing garbage"},
        {"{'a': 1}", "config.json:1:2: not JSON: invalid char in json text"},
        {"{\"a\": 01}", "config.json:1:8: not JSON: after key and value, inside map, I expect ',' or '}'"},
        {"{\"a\": 1,}", "config.json:1:9: not JSON: invalid object key (must be a string)"},
        {"[1,]", "config.json:1:4: not JSON: unallowed token at this point in JSON text"},
        {"{\"a\" 1}", "config.json:1:6: not JSON: object key and value must be separated by a colon (':')"},
        {"{\"a\": \"\n\"}", "config.json:1:8: not JSON: invalid character inside string"},
        {"{\"a\": \"\\x\"}",
         "config.json:1:9: not JSON: inside a string, '\\' occurs before a character which it may not"},
        {"{\"a\": \"\\u00g0\"}",
         "config.json:1:12: not JSON: invalid (non-hex) character occurs after '\\u' inside string"},
        {"// no\n{}", "config.json:1:1: not JSON: probable comment found in input text, comments are not enabled"},
        {"\xef\xbb\xbf{}", "config.json:1:1: not JSON: invalid char in json text"},
        {"{\"a\":\v1}", "config.json:1:6: not JSON: control character"},
        {"{\"a\": 1}\f", "config.json:1:9: not JSON: control character"},
        {"{\"a\": \"\x1f\"}", "config.json:1:8: not JSON: control character"},
        {"{}\n\"", "config.json:2:1: not JSON: trailing garbage"},
        {"1 \"", "config.json:1:3: not JSON: trailing garbage"},
        {"nul", "config.json:1:4: not JSON: invalid string in json text"},
        {"[nulL]", "config.json:1:5: not JSON: invalid string in json text"},
        {"{\"a\":: 1}", "config.json:1:6: not JSON: unallowed token at this point in JSON text"},
        {"{,}", "config.json:1:2: not JSON: invalid object key (must be a string)"},
        {"[1 \"a\\n\"]", "config.json:1:4: not JSON: after array element, I expect ',' or ']'"},
        {"-", "config.json:1:2: not JSON: malformed number, a digit is required after the minus sign"},
    }));
    CAPTURE(text);
    CHECK(error_of(text) == error);
}

TEST_CASE("depth and size are bounded") {
    auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(error_of(nested(64)) == "config.json:1:1: expected object, found array");
    CHECK(error_of(nested(65)) == "config.json:1:65: nested deeper than 64 levels");
    CHECK(error_of(std::string(1'000'000, '[')) == "config.json:1:65: nested deeper than 64 levels");
    std::string large(16u << 20, ' ');
    large.replace(0, 23, R"({"ociVersion": "1.0.0"})");
    CHECK(error_of(large) == "no error");
    CHECK(error_of(large + ' ') == "config.json:1:1: larger than 16 MiB");
}

TEST_CASE("a long word or key does not flood the message") {
    std::string const word(100'000, 'x');
    CHECK(error_of<NamespaceKind>('"' + word + '"').size() < 300);
    CHECK(error_of(with("\"annotations\": {\"" + word + "\": 1}")).size() < 300);
}
