// Every member of every struct has its row, and others can describe structs of their own.
#include "reading.hpp"

#include <algorithm>

using namespace oci;

namespace {

// The number of members of an aggregate: the longest list of {} that initialises it.
template <class T>
consteval std::size_t member_count() {
    // clang-format off
    if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 18;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 17;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 16;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 15;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 14;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 13;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 12;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 11;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 10;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}}; }) return 9;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; }) return 8;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}, {}}; }) return 7;
    else if constexpr (requires { T{{}, {}, {}, {}, {}, {}}; }) return 6;
    else if constexpr (requires { T{{}, {}, {}, {}, {}}; }) return 5;
    else if constexpr (requires { T{{}, {}, {}, {}}; }) return 4;
    else if constexpr (requires { T{{}, {}, {}}; }) return 3;
    else if constexpr (requires { T{{}, {}}; }) return 2;
    else return 1;
    // clang-format on
}

struct Sizes {
    std::size_t members;
    std::size_t bytes;
};

// The rows name as many different members as the struct has.
void check_rows(Type const& type, Sizes sizes) {
    std::vector<std::byte> object(sizes.bytes);
    std::vector<void*> addresses;
    for (Member const& member : type.members)
        if (member.type != nullptr) addresses.push_back(member.at(object.data()));
    std::sort(addresses.begin(), addresses.end());
    CHECK(std::adjacent_find(addresses.begin(), addresses.end()) == addresses.end());
    CHECK(addresses.size() == sizes.members);
    for (Member const& one : type.members)
        CHECK(std::count_if(type.members.begin(), type.members.end(),
                            [&](Member const& other) { return other.name == one.name; }) == 1);
}

template <class... Structs>
void check_all_rows() {
    (check_rows(Object<Structs>::type, {member_count<Structs>(), sizeof(Structs)}), ...);
}

// A struct of another library, as container/ describes its state.json.
enum class Colour : std::uint16_t { red, green };

struct Part {
    std::string name{};
    std::optional<Mount> mount{};
    bool operator==(Part const&) const = default;
};

struct Record {
    std::int64_t serial{};
    Colour colour{};
    std::optional<std::string> motto{};
    std::vector<Part> parts{};
    Map<std::vector<int>> numbers{};
    std::optional<Map<Part>> named{};
    long long wide{};
    bool operator==(Record const&) const = default;
};

// As kernel/ keeps the kernel's own decimals.
struct Digits {
    std::string text{};
    bool operator==(Digits const&) const = default;
};
struct Scale {
    Digits weight{};
    bool operator==(Scale const&) const = default;
};

}  // namespace

namespace oci {

// What its header would say.
template <> Type const Object<Digits>::type;
template <> Type const Object<Scale>::type;
template <> Vocabulary const& vocabulary<Colour>() noexcept;
template <> Type const Object<Part>::type;
template <> Type const Object<Record>::type;

// What its source file would say.
namespace {

constexpr std::string_view colour_words[] = {"red", "green"};
constexpr Vocabulary colours{"colour", colour_words};

constexpr auto part = table<Part>(required<&Part::name>("name"), optional<&Part::mount>("mount"));
constexpr auto record = table<Record>(required<&Record::serial>("serial"), always<&Record::colour>("colour"),
                                      optional<&Record::motto>("motto"), optional<&Record::parts>("parts"),
                                      optional<&Record::numbers>("numbers"), optional<&Record::named>("named"),
                                      optional<&Record::wide>("wide"), skipped("ballast"));

constexpr auto scale = table<Scale>(required<&Scale::weight>("weight"));

}  // namespace

template <> constinit Type const Object<Digits>::type = number_type;
template <> constinit Type const Object<Scale>::type = object_type(scale);
template <> Vocabulary const& vocabulary<Colour>() noexcept { return colours; }
template <> constinit Type const Object<Part>::type = object_type(part);
template <> constinit Type const Object<Record>::type = object_type(record);

}  // namespace oci

TEST_CASE("every member of every struct has a row") {
    check_all_rows<Root, LinuxIdMapping, Mount, Hook, Hooks, ConsoleSize, User, LinuxCapabilities, PosixRlimit,
                   Scheduler, LinuxIoPriority, CpuAffinity, Process, LinuxDeviceCgroup, LinuxMemory, LinuxCpu,
                   LinuxPids, LinuxWeightDevice, LinuxThrottleDevice, LinuxBlockIo, LinuxHugepageLimit,
                   LinuxInterfacePriority, LinuxNetwork, LinuxRdma, LinuxResources, LinuxNamespace, LinuxTimeOffset,
                   LinuxDevice, LinuxNetDevice, LinuxSeccompArg, LinuxSyscall, LinuxSeccomp, LinuxIntelRdt,
                   LinuxMemoryPolicy, LinuxPersonality, LinuxConfig, Spec, State, ContainerProcessState,
                   CgroupFeatures, SeccompFeatures, EnabledFeature, IntelRdtFeatures, MemoryPolicyFeatures,
                   MountExtensions, LinuxFeatures, Features, Part, Record>();
}

TEST_CASE("a number of any size and with a fraction is kept as its digits, and is nothing but a number") {
    auto const with = [](std::string const& weight) { return "{\"weight\":" + weight + "}"; };
    for (char const* const digits : {"0", "-0", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
                                     "0.10", "1e400", "123456789012345678901234567890.000000000000000000001"}) {
        INFO(digits);
        CHECK(parse<Scale>(with(digits), "stats.json").weight.text == digits);
        CHECK(print(Scale{{digits}}, Style::compact) == with(digits));
    }
    CHECK(error_of<Scale>(with("\"1\"")) == "config.json:1:11: weight: expected number, found string");
    CHECK(error_of<Scale>(with("true")) == "config.json:1:11: weight: expected number, found boolean");
    for (char const* const none : {"01", "1.", ".5", "+1", "NaN", "Infinity", "0x10", "1e"}) {
        INFO(none);
        CHECK_THROWS_AS(parse<Scale>(with(none), "stats.json"), ParseError);
    }
}

TEST_CASE("another library's struct is read and printed by its table") {
    Record const sample{.serial = -7,
                        .colour = Colour::green,
                        .motto = "",
                        .parts = {{"mast", Mount{.destination = "/mast"}}, {"keel", {}}},
                        .numbers = {{"few", {1, 2}}, {"none", {}}},
                        .named = Map<Part>{{"oar", {"oar", {}}}},
                        .wide = -1};
    std::string const text = print(sample, Style::compact);
    CHECK(text == R"({"serial":-7,"colour":"green","motto":"",)"
                  R"("parts":[{"name":"mast","mount":{"destination":"/mast"}},)"
                  R"({"name":"keel"}],"numbers":{"few":[1,2],"none":[]},"named":{"oar":{"name":"oar"}},"wide":-1})");
    CHECK(parse<Record>(text, "state.json") == sample);
    CHECK(error_of<Record>(R"({"serial": 1, "colour": "blue"})") ==
          "config.json:1:25: colour: unknown colour \"blue\" (known: red, green)");
}
