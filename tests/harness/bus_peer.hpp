// The other end of a D-Bus connection, as a test scripts it.
#pragma once
#include "harness/catch.hpp"

#include "orlop/base/bus.hpp"

#include <string>
#include <sys/socket.h>

namespace harness {

// The bytes of a message from the bus.
struct Said {
  orlop::bus::Kind kind = orlop::bus::Kind::answer;
  std::uint32_t answers = 1;
  char const* error = "";
  char const* member = "";
  char const* signature = "";
  std::string body{};

  std::string bytes() const {
    orlop::bus::Writer writer;
    writer.number('l', 1);
    writer.number(static_cast<std::uint8_t>(kind), 1);
    writer.number(0, 1);
    writer.number(1, 1);
    writer.number(body.size(), 4);
    writer.number(77, 4);
    auto const begin = writer.begin_array(8);
    auto const field = [&](int code, char const* type, std::string const& word) {
      writer.align(8);
      writer.number(static_cast<std::uint64_t>(code), 1);
      writer.variant({type, {word}});
    };
    if (answers) field(5, "u", std::to_string(answers));
    if (*error) field(4, "s", error);
    if (*member) field(3, "s", member);
    field(7, "s", "org.freedesktop.DBus");
    if (*signature) {
      writer.align(8);
      writer.number(8, 1);
      writer.signature("g");
      writer.signature(signature);
    }
    writer.end_array(begin);
    writer.align(8);
    return writer.take() + body;
  }
};

inline std::string bus_text(std::string const& text) {
  orlop::bus::Writer writer;
  writer.text(text);
  return writer.take();
}

class BusPeer {
public:
  BusPeer() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    ours_ = orlop::Fd{fds[0]};
    theirs_ = orlop::Fd{fds[1]};
  }
  orlop::Fd take_ours() { return std::move(ours_); }
  int theirs() const { return theirs_; }
  void hang_up() { theirs_.reset(); }
  void say(std::string const& bytes) const {
    REQUIRE(::send(theirs_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  std::string heard() const {
    char buffer[65536];
    ssize_t const got = recv(theirs_, buffer, sizeof buffer, MSG_DONTWAIT);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string{};
  }

private:
  orlop::Fd ours_, theirs_;
};

}  // namespace harness
