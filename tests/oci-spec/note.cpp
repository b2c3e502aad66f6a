// Unknown members do no harm and are told; other platforms' members are neither known nor told.
#include "reading.hpp"

using namespace oci;

TEST_CASE("unknown members are noted with their places") {
    Notes notes;
    auto const spec = parse<Spec>(
        "{\"ociVersion\": \"1.9.0\", \"future\": {\"a\": [1, {}]},\n"
        " \"process\": {\"cwd\": \"/\", \"Terminal\": true}, \"mounts\": [{\"destination\": \"/\", \"x.y\": null}]}",
        "config.json", &notes);
    CHECK(spec.process == Process{.cwd = "/"});
    CHECK(spec.mounts == std::vector{Mount{.destination = "/"}});
    REQUIRE(notes.size() == 3);
    CHECK(notes[0].place == "config.json:1:25");
    CHECK(notes[0].path == "future");
    CHECK(notes[1].place == "config.json:2:26");
    CHECK(notes[1].path == "process.Terminal");
    CHECK(notes[2].path == "mounts[0][\"x.y\"]");
}

TEST_CASE("members of other platforms pass in silence, whatever they hold") {
    Notes notes;
    auto const spec = parse<Spec>(R"({"ociVersion": "1.3.0", "windows": {"layerFolders": []}, "solaris": 1, "vm": {},
        "zos": null, "freebsd": {"jail": {}}, "process": {"cwd": "/", "commandLine": "a", "user": {"username": "b"}}})",
                                  "config.json", &notes);
    CHECK(notes.empty());
    CHECK(spec == Spec{.oci_version = "1.3.0", .process = Process{.cwd = "/"}});
}

TEST_CASE("notes are bounded") {
    std::string text = R"({"ociVersion": "1.0.0")";
    for (int i = 0; i < 1000; ++i) text += ", \"x" + std::to_string(i) + "\": 0";
    Notes notes;
    parse<Spec>(text + "}", "config.json", &notes);
    CHECK(notes.size() == 64);
}
