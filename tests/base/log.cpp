#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"

#include <fcntl.h>
#include <regex>
#include <unistd.h>

using namespace orlop;
using log::Format;
using log::Level;

namespace {

// The time is checked by its form, then hidden.
std::string timeless(std::string const& text) {
  static std::regex const time{"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"};
  return std::regex_replace(text, time, "TIME");
}

struct Output {
  std::string file, standard_error;
};

// What a process writes that does `act` with a log as given.
void check_output(bool to_file, Format format, Level level, std::function<void()> const& act, Output const& expected) {
  harness::in_private_mounts([&](std::string const& scratch) {
    std::string const standard_error = scratch + "/stderr", file = scratch + "/log";
    int const kept = dup(STDERR_FILENO);
    REQUIRE(dup2(path::open_host(standard_error, O_WRONLY | O_CREAT, 0600), STDERR_FILENO) == STDERR_FILENO);
    log::open(to_file ? file : "", format, level);
    act();
    REQUIRE(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
    CHECK(timeless(file::read(standard_error)) == expected.standard_error);
    if (to_file) CHECK(timeless(file::read(file)) == expected.file);
  });
}

void one_of_each() {
  log::debug("the detail");
  log::warning("the warning");
  log::release_warnings();
}

void warning_then_error() {
  log::warning("held");
  log::error("create web1: no", "");
}

}  // namespace

TEST_CASE("log: lines of text") {
  check_output(true, Format::text, Level::debug, one_of_each,
               {"time=\"TIME\" level=debug msg=\"the detail\"\n"
                "time=\"TIME\" level=warning msg=\"the warning\"\n", ""});
}

TEST_CASE("log: lines of JSON") {
  check_output(true, Format::json, Level::debug, one_of_each,
               {"{\"level\":\"debug\",\"msg\":\"the detail\",\"time\":\"TIME\"}\n"
                "{\"level\":\"warning\",\"msg\":\"the warning\",\"time\":\"TIME\"}\n", ""});
}

TEST_CASE("log: levels") {
  std::string const warning = "time=\"TIME\" level=warning msg=\"the warning\"\n";
  check_output(true, Format::text, Level::info, one_of_each, {warning, ""});
  check_output(true, Format::text, Level::warning, one_of_each, {warning, ""});
  check_output(true, Format::text, Level::error, one_of_each, {"", ""});
}

TEST_CASE("log: without a file all goes to standard error") {
  check_output(false, Format::text, Level::warning, one_of_each,
               {"", "time=\"TIME\" level=warning msg=\"the warning\"\n"});
  check_output(false, Format::json, Level::warning, one_of_each,
               {"", "{\"level\":\"warning\",\"msg\":\"the warning\",\"time\":\"TIME\"}\n"});
}

TEST_CASE("log: warnings are held until they are released, and dropped when the call fails") {
  check_output(true, Format::json, Level::warning, [] { log::warning("held"); }, {"", ""});
  check_output(true, Format::json, Level::warning, warning_then_error,
               {"{\"level\":\"error\",\"msg\":\"create web1: no\",\"time\":\"TIME\"}\n", "orlop: create web1: no\n"});
}

TEST_CASE("log: warnings are released once") {
  check_output(true, Format::text, Level::warning, [] { one_of_each(); log::release_warnings(); },
               {"time=\"TIME\" level=warning msg=\"the warning\"\n", ""});
}

TEST_CASE("log: with --debug a warning is not held") {
  check_output(true, Format::text, Level::debug, [] { log::warning("at once"); },
               {"time=\"TIME\" level=warning msg=\"at once\"\n", ""});
}

TEST_CASE("log: an error is one object in the file and plain text on standard error") {
  auto const fail = [] { log::error("create web1: open(\"/a\"): no such file or directory", ""); };
  std::string const plain = "orlop: create web1: open(\"/a\"): no such file or directory\n";
  check_output(true, Format::json, Level::warning, fail,
               {"{\"level\":\"error\",\"msg\":\"create web1: open(\\\"/a\\\"): no such file or directory\","
                "\"time\":\"TIME\"}\n", plain});
  check_output(true, Format::text, Level::error, fail,
               {"time=\"TIME\" level=error msg=\"create web1: open(\\\"/a\\\"): no such file or directory\"\n", plain});
  check_output(false, Format::text, Level::warning, fail, {"", plain});
  check_output(false, Format::json, Level::warning, fail,
               {"", "{\"level\":\"error\",\"msg\":\"create web1: open(\\\"/a\\\"): no such file or directory\","
                    "\"time\":\"TIME\"}\n"});
}

TEST_CASE("log: a hint is a line of its own, never part of the object") {
  check_output(true, Format::json, Level::warning, [] { log::error("no", "do this"); },
               {"{\"level\":\"error\",\"msg\":\"no\",\"time\":\"TIME\"}\n", "orlop: no\nhint: do this\n"});
}

TEST_CASE("log: JSON text is escaped") {
  check_output(true, Format::json, Level::warning, [] { log::error("a\"b\\c\nd\te\x01" "f\x1b", ""); },
               {"{\"level\":\"error\",\"msg\":\"a\\\"b\\\\c\\u000ad\\u0009e\\u0001f\\u001b\",\"time\":\"TIME\"}\n",
                "orlop: a\"b\\c\nd\te\x01" "f\x1b\n"});
}

TEST_CASE("log: bytes that are not UTF-8 do not make the object unreadable") {
  check_output(true, Format::json, Level::warning, [] { log::error("caf\xc3\xa9 \xff \xc3", ""); },
               {"{\"level\":\"error\",\"msg\":\"caf\xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd\",\"time\":\"TIME\"}\n",
                "orlop: caf\xc3\xa9 \xff \xc3\n"});
}

TEST_CASE("log: the file is appended to, and a wrong path is an error at once") {
  harness::in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/log", "before\n", 0600);
    log::open(scratch + "/log", Format::text, Level::debug);
    log::debug("x");
    CHECK(timeless(file::read(scratch + "/log")) == "before\ntime=\"TIME\" level=debug msg=\"x\"\n");
    CHECK_THROWS_WITH(log::open(scratch + "/no/log", Format::text, Level::debug),
                      "open(\"" + scratch + "/no/log\"): no such file or directory");
  });
}

TEST_CASE("log: a log that cannot be written does not end the work") {
  harness::in_child([] {
    log::open("/dev/full", Format::json, Level::debug);
    CHECK(log::is_debug());
    CHECK_NOTHROW(log::debug("x"));
  });
}
