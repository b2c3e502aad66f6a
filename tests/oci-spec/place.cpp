// Paths and places: what an error that is found later (by policy) can name.
#include "reading.hpp"

using namespace oci;

namespace {

constexpr std::string_view text =
    "{\n"
    "  \"process\": {\"args\": [\"sh\", \"-c\"], \"cwd\": \"/\"},\n"
    "  \"linux\": {\n"
    "    \"sysctl\": {\"net.ipv4.ip_forward\": \"1\", \"net\": \"2\", \"a\\\"b\": \"3\", \"\": \"4\"},\n"
    "    \"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"uts\"}]\n"
    "  }\n"
    "}\n";

std::string at(std::string_view path) { return place_of(text, "config.json", path); }

}  // namespace

TEST_CASE("a path leads to a place") {
    CHECK(at("") == "config.json:1:1");
    CHECK(at("process") == "config.json:2:14");
    CHECK(at("process.args[1]") == "config.json:2:30");
    CHECK(at("linux.namespaces[1].type") == "config.json:5:46");
    CHECK(at("linux.namespaces[1]") == "config.json:5:37");
}

TEST_CASE("a key with dots may be plain or quoted") {
    CHECK(at("linux.sysctl[\"net.ipv4.ip_forward\"]") == "config.json:4:39");
    CHECK(at("linux.sysctl.net.ipv4.ip_forward") == "config.json:4:39");
    CHECK(at("linux.sysctl.net") == "config.json:4:51");
    CHECK(at("linux.sysctl[\"a\\\"b\"]") == "config.json:4:64");
    CHECK(at("linux.sysctl[\"\"]") == "config.json:4:73");
}

TEST_CASE("where a path leads nowhere, the last object on the way is the place") {
    CHECK(at("process.user.uid") == "config.json:2:14");
    CHECK(at("linux.namespaces[7].type") == "config.json:5:19");
    CHECK(at("proc") == "config.json:1:1");
    CHECK(at("process.args[1].x") == "config.json:2:30");
    CHECK(place_of("{nonsense", "config.json", "process") == "config.json");
}

TEST_CASE("every node has a path that leads back to it") {
    std::string const full = fixture("full.json");
    Document const document(full, "full.json");
    std::size_t nodes = 0;
    for (Node const* node = &document.root(); node != document.root().end(); ++node) {
        std::string const way = path(document, *node);
        CAPTURE(way);
        Node const* const found = find(document.root(), way);
        REQUIRE(found != nullptr);
        bool const is_key = found != node;
        if (is_key) CHECK(found == node + 1);
        ++nodes;
    }
    CHECK(nodes > 400);
}

TEST_CASE("find reads what has no table") {
    Document const document(text, "probe");
    CHECK(find(document.root(), "process.args[1]")->text() == "-c");
    CHECK(find(document.root(), "process.args")->size() == 2);
    CHECK(find(document.root(), "process.none") == nullptr);
    CHECK(document.root().find("linux")->find("namespaces")->kind() == Kind::array);
    CHECK(document.root().find("process")->first()->text() == "args");
    CHECK(document.root().find("process")->find("cwd")->size() == 0);
    CHECK(document.root().find("none") == nullptr);
    CHECK(document.root().text().empty());
}
