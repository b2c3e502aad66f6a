// State, the message to a seccomp listener, and Features.
#include "reading.hpp"

using namespace oci;

TEST_CASE("state is read and printed") {
    State const state{.oci_version = "1.3.0",
                      .id = "web1",
                      .status = "paused",
                      .pid = 4422,
                      .bundle = "/containers/web1",
                      .annotations = {{"myKey", "myValue"}}};
    CHECK(parse<State>(fixture("state.json"), "state.json") == state);
    CHECK(print(state, Style::pretty) + "\n" == fixture("state.json"));
    CHECK(print(State{"1.3.0", "a", "stopped", {}, "/b", {}}, Style::compact) ==
          R"({"ociVersion":"1.3.0","id":"a","status":"stopped","bundle":"/b"})");
}

TEST_CASE("the message to a seccomp listener is read and printed") {
    auto const message = parse<ContainerProcessState>(fixture("listener.json"), "listener.json");
    CHECK(message.fds == StringList{"seccompFd"});
    CHECK(message.pid == 4422);
    CHECK(message.metadata == "MKNOD=/dev/null");
    CHECK(message.state.status == "creating");
    CHECK(print(message, Style::pretty) + "\n" == fixture("listener.json"));
}

TEST_CASE("features are read and printed, and unknown differs from none") {
    auto const features = parse<Features>(fixture("features.json"), "features.json");
    CHECK(print(features, Style::pretty) + "\n" == fixture("features.json"));
    REQUIRE(features.linux_config);
    CHECK(features.oci_version_max == "1.3.0");
    CHECK(features.linux_config->seccomp->supported_flags == StringList{});
    CHECK(features.linux_config->cgroup->v2 == false);
    CHECK(features.linux_config->intel_rdt == IntelRdtFeatures{true, false, true});
    CHECK(features.potentially_unsafe_config_annotations == StringList{"bundle", "org.criu.config"});

    Features bare{.oci_version_min = "1.0.0", .oci_version_max = "1.3.0"};
    CHECK(print(bare, Style::compact) == R"({"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0"})");
    bare.hooks = StringList{};
    CHECK(print(bare, Style::compact) == R"({"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0","hooks":[]})");
}
