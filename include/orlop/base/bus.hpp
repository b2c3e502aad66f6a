// A client of D-Bus: one connection to a message bus; calls, answers and signals, each waited for with a limit of time.
// The D-Bus specification, "Message Protocol" and "Authentication Protocol"; systemd's org.freedesktop.systemd1(5) is
// what it is for.
//
// Our own, and not libdbus-1: linked statically that brings 0.6 MB (a quarter of the whole executable) and warnings of
// glibc's name service, for some thirty signatures, threads and transports that are never used. What is needed is an
// AF_UNIX socket, EXTERNAL, ten basic types on the way out, and three on the way in: some 300 lines, all tested against
// a peer that lies.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orlop::bus {

// A value as text: the basic values that its signature has, in order; an array takes all that are left, so there is at
// most one array. {"a(st)", {"/dev/block/8:0", "1000"}}; a boolean is "0" or "1", a negative number has its sign.
// The words have to fit: the plan sees to that.
struct Value {
  std::string signature;
  std::vector<std::string> words;
  bool operator==(Value const&) const = default;
};

// A message's body while it is written: aligned from its own beginning, as every body begins at a multiple of 8.
class Writer {
public:
  void align(std::size_t alignment);
  void number(std::uint64_t number, std::size_t size);  // of this machine's byte order
  void text(std::string_view text);
  void signature(std::string_view signature);
  void value(Value const& value);
  void variant(Value const& value);
  // An array: its elements are written between these two.
  std::size_t begin_array(std::size_t alignment);
  void end_array(std::size_t begin);
  std::string take() { return std::move(data_); }
  std::size_t size() const { return data_.size(); }

private:
  void put(std::string_view signature, std::vector<std::string> const& words, std::size_t& next);
  void basic(char type, std::string const& word);
  std::string data_;
  std::vector<std::size_t> lengths_;  // where those of the open arrays stand
};

// The same while it is read. Nothing is trusted: what does not fit is an Error.
class Reader {
public:
  explicit Reader(std::string_view data) : data_{data} {}
  void align(std::size_t alignment);
  std::uint64_t number(std::size_t size);
  std::string text();
  std::string signature();
  std::size_t at() const { return at_; }

private:
  std::string_view bytes(std::size_t count);
  std::string_view data_;
  std::size_t at_ = 0;
};

// To `path` of `destination`.
struct Call {
  char const *destination, *path, *interface, *member;
  char const* signature = "";
  std::string body{};
};

enum class Kind : std::uint8_t { call = 1, answer = 2, error = 3, signal = 4 };

struct Message {
  Kind kind = Kind::call;
  std::uint32_t answers = 0;  // the number of the call
  std::string error, interface, member, signature;
  std::string body;
  std::string error_text() const;  // what an error says, as a part of one line: "Unit x.scope not loaded. (org...)"
};

class Connection {
public:
  // To the first of the addresses ("unix:path=/run/dbus/system_bus_socket;…") that somebody listens at. Errors: of
  // connect(2); ETIMEDOUT: nobody takes the connection. `interruption`: a descriptor that ends every waiting with the
  // Error EINTR when it can be read; -1: none.
  Connection(std::string const& addresses, int interruption);
  // An open stream socket.
  Connection(Fd socket, std::string name, int interruption);

  // How long each of the following waits in all.
  void wait_at_most(int milliseconds) { patience_ms_ = milliseconds; }
  void go_on_when_interrupted() { interruption_ = -1; }
  // Authentication, as whoever the kernel says that we are (also from within a user namespace).
  void begin();
  // Its number; it leaves with the next one that is waited for.
  std::uint32_t send(Call const& call);
  // Whatever comes next. `what` is being waited for, for the message of the Error ETIMEDOUT.
  Message receive(std::string const& what);
  // The answer to the call with that number; messages before it are passed over. An answer that is an error is one.
  Message answer_to(std::uint32_t number, std::string const& what);

private:
  void connect_to(std::string const& path, bool is_abstract);
  void wait(short events, std::int64_t end, std::string const& what);
  void flush(std::int64_t end, std::string const& what);
  void fill(std::size_t size, std::int64_t end, std::string const& what);
  std::string line(std::int64_t end);

  Fd socket_;
  std::string name_, out_, in_;
  int interruption_ = -1;
  int patience_ms_ = 10'000;
  std::uint32_t last_ = 0;
};

}  // namespace orlop::bus
