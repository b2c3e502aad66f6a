// The client of D-Bus against a peer that a test scripts: what it sends, and what it makes of what it gets.
#include "harness/bus_peer.hpp"
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/bus.hpp"
#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

using namespace orlop;
using harness::BusPeer;
using harness::Said;

namespace {

constexpr bus::Call question{"org.example", "/org/example", "org.example.Talk", "Ask", "", {}};

// What a question comes to when the peer has said `bytes` before.
std::string outcome(std::string const& bytes, bool then_hangs_up = false) {
  BusPeer pair;
  pair.say(bytes);
  bus::Connection connection{pair.take_ours(), "/bus", -1};
  connection.wait_at_most(100);
  if (then_hangs_up) pair.hang_up();
  return harness::failure_of([&] { connection.answer_to(connection.send(question), "Ask"); });
}

std::string hex(std::string const& bytes) {
  std::string text;
  for (unsigned char const byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string written(char const* signature, std::vector<std::string> const& words) {
  bus::Writer writer;
  writer.value({signature, words});
  return hex(writer.take());
}

std::string changed(std::string bytes, std::size_t place, char byte) {
  bytes.at(place) = byte;
  return bytes;
}

bool has(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("bus: values as they are written") {
  CHECK(written("y", {"255"}) == "ff");
  CHECK(written("b", {"1"}) == "01000000");
  CHECK(written("n", {"-2"}) == "feff");
  CHECK(written("i", {"-1"}) == "ffffffff");
  CHECK(written("u", {"258"}) == "02010000");
  CHECK(written("x", {"-9223372036854775808"}) == "0000000000000080");
  CHECK(written("t", {"18446744073709551615"}) == "ffffffffffffffff");
  CHECK(written("s", {"ab"}) == "02000000616200");
  CHECK(written("yt", {"1", "2"}) == "01000000000000000200000000000000");
  CHECK(written("as", {}) == "00000000");
  CHECK(written("as", {"a", "b"}) == "0e0000000100000061000000" "010000006200");
  CHECK(written("ay", {"3", "1"}) == "020000000301");
  CHECK(written("au", {"7"}) == "0400000007000000");
  // The length leaves out the padding in front of the first element.
  CHECK(written("a(st)", {}) == "0000000000000000");
  CHECK(written("a(st)", {"/d", "9"}) == "1000000000000000" "020000002f640000" "0900000000000000");
  CHECK(written("a(ss)", {"a", "r", "b", "w"}) ==
        "1e00000000000000" "01000000610000000100000072000000" "0100000062000000010000007700");
}

TEST_CASE("bus: a call is what the specification says") {
  BusPeer pair;
  bus::Connection connection{pair.take_ours(), "/bus", -1};
  connection.wait_at_most(20);
  bus::Call call{"a.b", "/", "c.d", "E", "s", harness::bus_text("x")};
  CHECK(connection.send(call) == 1);
  CHECK(connection.send(call) == 2);
  CHECK(pair.heard().empty());
  CHECK(harness::failure_of([&] { connection.receive("E"); }) == "E(\"/bus\"): connection timed out");
  std::string const one =
      "6c010001" "06000000" "01000000" "47000000"
      "01016f0001000000" "2f00000000000000"
      "0201730003000000" "632e640000000000"
      "0301730001000000" "4500000000000000"
      "0601730003000000" "612e620000000000"
      "0801670001730000"
      "010000007800";
  std::string const both = hex(pair.heard());
  CHECK(both.substr(0, one.size()) == one);
  CHECK(both.size() == 2 * one.size());
}

TEST_CASE("bus: the answer that was asked for") {
  CHECK(outcome(Said{}.bytes()) == "");
  std::string const other = Said{bus::Kind::signal, 0, "", "JobRemoved", "s", harness::bus_text("x")}.bytes();
  CHECK(outcome(other + Said{bus::Kind::answer, 9}.bytes() + Said{}.bytes()) == "");
  CHECK(outcome(Said{bus::Kind::error, 1, "org.example.No", "", "s", harness::bus_text("Not\nyours")}.bytes()) ==
        "Ask: Not yours (org.example.No)");
  CHECK(outcome(Said{bus::Kind::error, 1, "org.example.No"}.bytes()) == "Ask: (org.example.No)");
}

TEST_CASE("bus: signals and their values") {
  bus::Writer body;
  body.number(7, 4);
  body.text("/job/7");
  body.text("x.scope");
  BusPeer pair;
  pair.say(Said{bus::Kind::signal, 0, "", "JobRemoved", "uos", body.take()}.bytes());
  bus::Connection connection{pair.take_ours(), "/bus", -1};
  auto const message = connection.receive("a signal");
  CHECK(message.kind == bus::Kind::signal);
  CHECK(message.member == "JobRemoved");
  CHECK(message.signature == "uos");
  bus::Reader reader{message.body};
  CHECK(reader.number(4) == 7);
  CHECK(reader.text() == "/job/7");
  CHECK(reader.text() == "x.scope");
  CHECK(harness::failure_of([&] { reader.number(1); }) == "D-Bus: a message ends in the middle of a value");
}

TEST_CASE("bus: a peer that says nothing, half of it, or no more") {
  auto const before = monotonic_ms();
  CHECK(outcome("") == "Ask(\"/bus\"): connection timed out");
  CHECK(monotonic_ms() - before >= 90);
  CHECK(monotonic_ms() - before < 2000);
  std::string const answer = Said{}.bytes();
  for (std::size_t length = 1; length < answer.size(); length += 7) {
    CHECK(outcome(answer.substr(0, length)) == "Ask(\"/bus\"): connection timed out");
    std::string const end = outcome(answer.substr(0, length), true);
    INFO(end);
    CHECK((has(end, "the bus has closed the connection") || end == "send(\"/bus\"): broken pipe"));
  }
}

TEST_CASE("bus: a peer that goes on talking of something else") {
  BusPeer pair;
  std::string const other = Said{bus::Kind::signal, 0, "", "Tick"}.bytes();
  std::thread const talker{[fd = Fd{dup(pair.theirs())}, other] {
    while (::send(fd, other.data(), other.size(), MSG_NOSIGNAL) > 0) usleep(5000);
  }};
  bus::Connection connection{pair.take_ours(), "/bus", -1};
  connection.wait_at_most(100);
  auto const before = monotonic_ms();
  CHECK(harness::failure_of([&] { connection.answer_to(connection.send(question), "Ask"); }) ==
        "Ask(\"/bus\"): connection timed out");
  CHECK(monotonic_ms() - before < 2000);
  { auto const gone = std::move(connection); }
  const_cast<std::thread&>(talker).join();
}

TEST_CASE("bus: a peer that lies") {
  std::string const answer = Said{bus::Kind::error, 1, "org.example.No", "", "s", harness::bus_text("x")}.bytes();
  CHECK(outcome(changed(answer, 0, 'B')) == "D-Bus: what the bus sends is no message");
  CHECK(outcome(changed(answer, 3, 2)) == "D-Bus: what the bus sends is no message");
  CHECK(outcome(changed(answer, 1, 9)) == "D-Bus: a message of the kind 9");
  CHECK(has(outcome(changed(answer, 7, 127)), "D-Bus: a message of 21"));   // body
  CHECK(has(outcome(changed(answer, 15, 127)), "D-Bus: a message of 21"));  // fields
  CHECK(outcome(changed(answer, 12, 3)) == "D-Bus: a message ends in the middle of a value");
  CHECK(outcome(changed(answer, 18, 'v')) == "D-Bus: a field of a message is of the type \"v\"");
  CHECK(outcome(changed(answer, 17, '\x7f')) == "D-Bus: a message ends in the middle of a value");
  // The length of the text in the body.
  CHECK(outcome(changed(answer, answer.size() - 6, 99)) == "D-Bus: a message ends in the middle of a value");
  CHECK(outcome(changed(answer, answer.size() - 6, 0)) == "D-Bus: a text of a message does not end where it says");
  CHECK(has(outcome(std::string(4096, 'x')), "is no message"));
  // No byte of a message makes more of it than an Error.
  for (std::size_t i = 0; i < answer.size(); ++i)
    for (char const byte : {'\0', '\x01', '\x08', 'a', '\x7f', '\xff'}) outcome(changed(answer, i, byte), true);
}

TEST_CASE("bus: authentication") {
  auto const begun_with = [](std::string const& said) {
    BusPeer pair;
    pair.say(said);
    bus::Connection connection{pair.take_ours(), "/bus", -1};
    connection.wait_at_most(100);
    std::string const result = harness::failure_of([&] { connection.begin(); });
    return result + "|" + pair.heard().substr(0, 30);
  };
  std::string const sent{"|\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 30};
  // The first message begins right behind it.
  CHECK(begun_with("DATA\r\nOK 1234deadbeef\r\n" + Said{}.bytes()) == sent + "l");
  CHECK(begun_with("REJECTED KERBEROS\r\n") == "AUTH EXTERNAL(\"/bus\"): the bus says \"REJECTED KERBEROS\"" + sent);
  CHECK(begun_with("DATA\r\nREJECTED\r\n") == "AUTH EXTERNAL(\"/bus\"): the bus says \"REJECTED\"" + sent);
  CHECK(begun_with("DATA\r\n") == "AUTH EXTERNAL(\"/bus\"): connection timed out" + sent);
  CHECK(begun_with("DATA\r\nOK 1\r\n") == "Hello(\"/bus\"): connection timed out" + sent + "l");
  CHECK(begun_with(std::string(5000, 'x')) == "D-Bus: the bus does not end its line" + sent);
}

TEST_CASE("bus: a peer that takes nothing, and one that is interrupted") {
  BusPeer pair;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Fd const reads{ends[0]}, writes{ends[1]};
  bus::Connection connection{pair.take_ours(), "/bus", reads};
  connection.wait_at_most(100);
  connection.send({"a.b", "/", "c.d", "E", "s", harness::bus_text(std::string(900'000, 'x'))});
  CHECK(harness::failure_of([&] { connection.receive("E"); }) == "E(\"/bus\"): connection timed out");
  REQUIRE(write(writes, "x", 1) == 1);
  CHECK(harness::failure_of([&] { connection.receive("E"); }) == "E(\"/bus\"): interrupted system call");
}

TEST_CASE("bus: addresses") {
  harness::in_private_mounts([](std::string const& scratch) {
    auto const failure = [](std::string const& address) {
      return harness::failure_of([&] { bus::Connection{address, -1}; });
    };
    std::string const place = scratch + "/bus,1";
    CHECK(failure("unix:path=" + scratch + "/bus") == concat({"connect(\"", scratch, "/bus\"): no such file or directory"}));
    CHECK(failure("") == "D-Bus: \"\" is no address of a bus on this machine (unix:path=… or unix:abstract=…)");
    CHECK(has(failure("tcp:host=example,port=1"), "is no address of a bus on this machine"));
    CHECK(has(failure("unix:guid=1"), "is no address"));
    CHECK(has(failure("unix:path=%2"), "is no address"));
    CHECK(has(failure("unix:path=/" + std::string(200, 'x')), "name too long"));
    Fd const listener{socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, place.c_str());
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(has(failure("unix:path=" + scratch + "/bus%2c1"), "connection refused"));
    REQUIRE(listen(listener, 5) == 0);
    CHECK(failure(concat({"tcp:x;unix:path=", scratch, "/none;unix:guid=7,path=", scratch, "/bus%2C1"})) == "");
  });
}
