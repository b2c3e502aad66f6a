#include "orlop/base/bus.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"

#include <bit>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace orlop::bus {

namespace {

constexpr char byte_order = std::endian::native == std::endian::little ? 'l' : 'B';
constexpr std::size_t header_size = 16;
// The bus would send up to 128 MB. Nothing that we wait for comes near this.
constexpr std::size_t most_bytes = 1 << 20;
constexpr std::size_t longest_line = 1024;

enum Field : std::uint8_t { path = 1, interface, member, error_name, reply_serial, destination, sender, signature };

[[noreturn]] void refuse(std::string_view what) { throw Error::refusal(concat({"D-Bus: ", what})); }

std::size_t alignment_of(char type) {
  switch (type) {
    case 'n': case 'q': return 2;
    case 'b': case 'i': case 'u': case 's': case 'o': case 'a': return 4;
    case 'x': case 't': case '(': return 8;
    default: return 1;
  }
}

// The length of the complete type that begins the signature.
std::size_t type_length(std::string_view signature) {
  if (signature[0] == 'a') return 1 + type_length(signature.substr(1));
  return signature[0] == '(' ? signature.find(')') + 1 : 1;
}

std::uint64_t number_in(std::string_view word) {
  bool const is_negative = word.starts_with('-');
  std::uint64_t const number = whole_number(word.substr(is_negative)).value_or(0);
  return is_negative ? 0 - number : number;
}

}  // namespace

// ---- writing ----
void Writer::align(std::size_t alignment) {
  while (data_.size() % alignment) data_ += '\0';
}

void Writer::number(std::uint64_t number, std::size_t size) {
  align(size);
  char bytes[8];
  std::memcpy(bytes, &number, sizeof bytes);
  data_.append(byte_order == 'l' ? bytes : bytes + sizeof bytes - size, size);
}

void Writer::text(std::string_view text) {
  number(text.size(), 4);
  data_ += text;
  data_ += '\0';
}

void Writer::signature(std::string_view signature) {
  number(signature.size(), 1);
  data_ += signature;
  data_ += '\0';
}

std::size_t Writer::begin_array(std::size_t alignment) {
  number(0, 4);
  lengths_.push_back(data_.size() - 4);
  align(alignment);
  return data_.size();
}

void Writer::end_array(std::size_t begin) {
  auto const length = static_cast<std::uint32_t>(data_.size() - begin);
  std::memcpy(&data_[lengths_.back()], &length, sizeof length);
  lengths_.pop_back();
}

void Writer::basic(char type, std::string const& word) {
  if (type == 's' || type == 'o') return text(word);
  number(number_in(word), alignment_of(type));
}

void Writer::put(std::string_view signature, std::vector<std::string> const& words, std::size_t& next) {
  while (!signature.empty()) {
    std::string_view const type = signature.substr(0, type_length(signature));
    signature.remove_prefix(type.size());
    if (type[0] == 'a') {
      std::size_t const begin = begin_array(alignment_of(type[1]));
      while (next < words.size()) put(type.substr(1), words, next);
      end_array(begin);
    } else if (type[0] == '(') {
      align(8);
      put(type.substr(1, type.size() - 2), words, next);
    } else {
      basic(type[0], words.at(next++));
    }
  }
}

void Writer::value(Value const& value) {
  std::size_t next = 0;
  put(value.signature, value.words, next);
}

void Writer::variant(Value const& value) {
  signature(value.signature);
  this->value(value);
}

// ---- reading ----
std::string_view Reader::bytes(std::size_t count) {
  if (count > data_.size() - at_) refuse("a message ends in the middle of a value");
  at_ += count;
  return data_.substr(at_ - count, count);
}

void Reader::align(std::size_t alignment) {
  while (at_ % alignment)
    if (bytes(1)[0] != '\0') refuse("a message has something in its padding");
}

std::uint64_t Reader::number(std::size_t size) {
  align(size);
  std::uint64_t number = 0;
  char* const place = reinterpret_cast<char*>(&number) + (byte_order == 'l' ? 0 : sizeof number - size);
  std::memcpy(place, bytes(size).data(), size);
  return number;
}

std::string Reader::text() {
  std::string text{bytes(number(4))};
  if (bytes(1)[0] != '\0' || text.find('\0') != std::string::npos) refuse("a text of a message does not end where it says");
  return text;
}

std::string Reader::signature() {
  std::string text{bytes(number(1))};
  if (bytes(1)[0] != '\0') refuse("a signature of a message does not end where it says");
  return text;
}

namespace {

// One of the header's array of fields: those that a bus sends are texts, paths, signatures and one kind of number.
void read_field(Reader& reader, Message& message) {
  reader.align(8);
  auto const code = reader.number(1);
  std::string const type = reader.signature();
  if (type == "u") {
    auto const number = static_cast<std::uint32_t>(reader.number(4));
    if (code == reply_serial) message.answers = number;
    return;
  }
  if (type != "s" && type != "o" && type != "g") refuse(concat({"a field of a message is of the type ", json_quoted(type)}));
  std::string text = type == "g" ? reader.signature() : reader.text();
  switch (code) {
    case interface: message.interface = std::move(text); break;
    case member: message.member = std::move(text); break;
    case error_name: message.error = std::move(text); break;
    case signature: message.signature = std::move(text); break;
    default: break;
  }
}

// Header, fields and body: as many bytes as the header says.
Message parsed(std::string_view data, std::size_t fields_end, std::size_t body) {
  Reader reader{data.substr(0, fields_end)};
  reader.number(1);
  auto const kind = reader.number(1);
  if (kind < 1 || kind > 4) refuse(concat({"a message of the kind ", kind}));
  reader.number(2);
  for (int skipped = 0; skipped < 3; ++skipped) reader.number(4);
  Message message;
  message.kind = static_cast<Kind>(kind);
  while (reader.at() < fields_end) read_field(reader, message);
  message.body = data.substr(body);
  return message;
}

void write_field(Writer& writer, Field field, char const* type, char const* text) {
  writer.align(8);
  writer.number(field, 1);
  writer.variant({type, {text}});
}

// "unix:path=/run/x" has %2C for a comma.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const digit = [&](std::size_t at) -> int {
      char const c = at < text.size() ? text[at] : '?';
      if (c >= '0' && c <= '9') return c - '0';
      char const lower = static_cast<char>(c | 0x20);
      return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    };
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int const high = digit(i + 1), low = digit(i + 2);
    if (high < 0 || low < 0) refuse(concat({json_quoted(text), " is no address"}));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::string Message::error_text() const {
  std::string text = signature.starts_with('s') ? Reader{body}.text() + " " : std::string{};
  text += concat({"(", error, ")"});
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

// ---- the connection ----
Connection::Connection(Fd socket, std::string name, int interruption)
    : socket_{std::move(socket)}, name_{std::move(name)}, interruption_{interruption} {}

Connection::Connection(std::string const& addresses, int interruption) : interruption_{interruption} {
  constexpr std::string_view transport = "unix:";
  auto const all = split(addresses, ';');
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].starts_with(transport)) continue;
    for (auto const part : split(all[i].substr(transport.size()), ',')) {
      bool const is_path = part.starts_with("path="), is_abstract = part.starts_with("abstract=");
      if (!is_path && !is_abstract) continue;
      try {
        connect_to(unescaped(part.substr(part.find('=') + 1)), is_abstract);
        return;
      } catch (Error const&) {
        if (i + 1 == all.size()) throw;
      }
    }
  }
  refuse(concat({json_quoted(addresses), " is no address of a bus on this machine (unix:path=… or unix:abstract=…)"}));
}

// A listener whose queue is full says EAGAIN, and nothing tells when there is room.
void Connection::connect_to(std::string const& path, bool is_abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() + 1 >= sizeof address.sun_path) fail(ENAMETOOLONG, "connect", {path});
  std::memcpy(address.sun_path + is_abstract, path.data(), path.size());
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  name_ = path;
  socket_ = Fd{check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket", {Word{"AF_UNIX"}})};
  std::int64_t const end = monotonic_ms() + patience_ms_;
  while (connect(socket_, reinterpret_cast<sockaddr const*>(&address), size) < 0) {
    if (errno != EAGAIN && errno != EINTR) fail("connect", {path});
    pollfd interruption{interruption_, POLLIN, 0};
    if (poll(&interruption, 1, 10) > 0) fail(EINTR, "connect", {path});
    if (monotonic_ms() >= end) fail(ETIMEDOUT, "connect", {path});
  }
}

void Connection::wait(short events, std::int64_t end, std::string const& what) {
  pollfd waiting[] = {{socket_, events, 0}, {interruption_, POLLIN, 0}};
  std::int64_t const left = end - monotonic_ms();
  if (left <= 0) fail(ETIMEDOUT, what, {name_});
  check(retry([&] { return poll(waiting, 2, static_cast<int>(left)); }), "poll", {name_});
  if (waiting[1].revents) fail(EINTR, what, {name_});
}

void Connection::flush(std::int64_t end, std::string const& what) {
  while (!out_.empty()) {
    ssize_t const sent = retry([&] { return ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT); });
    if (sent < 0 && errno != EAGAIN) fail("send", {name_});
    if (sent < 0)
      wait(POLLOUT, end, what);
    else
      out_.erase(0, static_cast<std::size_t>(sent));
  }
}

// Until so many bytes are there to be read.
void Connection::fill(std::size_t size, std::int64_t end, std::string const& what) {
  while (in_.size() < size) {
    char buffer[4096];
    ssize_t const got = retry([&] { return recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT); });
    if (got < 0 && errno != EAGAIN) fail("recv", {name_});
    if (got == 0) throw Error::refusal(concat({what, "(", json_quoted(name_), "): the bus has closed the connection"}));
    if (got < 0)
      wait(POLLIN, end, what);
    else
      in_.append(buffer, static_cast<std::size_t>(got));
  }
}

std::string Connection::line(std::int64_t end) {
  for (std::size_t seen = 0;; ++seen) {
    if (seen > longest_line) refuse("the bus does not end its line");
    fill(seen + 1, end, "AUTH EXTERNAL");
    if (in_[seen] != '\n') continue;
    std::string const line{trimmed(std::string_view{in_}.substr(0, seen))};
    in_.erase(0, seen + 1);
    return line;
  }
}

// No name in the first line: whoever the kernel says that we are. The bus asks for more data then, and there is none.
void Connection::begin() {
  std::int64_t const end = monotonic_ms() + patience_ms_;
  constexpr std::string_view greeting{"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29};
  static_assert(greeting.back() == '\n');
  out_ += greeting;
  flush(end, "AUTH EXTERNAL");
  for (char const* const expected : {"DATA", "OK"})
    if (auto const got = line(end); !got.starts_with(expected))
      throw Error::refusal(concat({"AUTH EXTERNAL(", json_quoted(name_), "): the bus says ", json_quoted(got)}));
  constexpr char bus[] = "org.freedesktop.DBus";
  answer_to(send({bus, "/org/freedesktop/DBus", bus, "Hello"}), "Hello");
}

std::uint32_t Connection::send(Call const& call) {
  Writer header;
  header.number(static_cast<unsigned char>(byte_order), 1);
  header.number(static_cast<std::uint8_t>(Kind::call), 1);
  header.number(0, 1);
  header.number(1, 1);
  header.number(call.body.size(), 4);
  header.number(++last_, 4);
  std::size_t const fields = header.begin_array(8);
  write_field(header, path, "o", call.path);
  write_field(header, interface, "s", call.interface);
  write_field(header, member, "s", call.member);
  write_field(header, destination, "s", call.destination);
  if (*call.signature) {
    header.align(8);
    header.number(signature, 1);
    header.signature("g");
    header.signature(call.signature);
  }
  header.end_array(fields);
  header.align(8);
  out_ += header.take() + call.body;
  return last_;
}

Message Connection::receive(std::string const& what) {
  std::int64_t const end = monotonic_ms() + patience_ms_;
  flush(end, what);
  fill(header_size, end, what);
  if (in_[0] != byte_order || in_[3] != 1) refuse("what the bus sends is no message");
  auto const number_at = [&](std::size_t place) {
    std::uint32_t number;
    std::memcpy(&number, &in_[place], sizeof number);
    return std::size_t{number};
  };
  std::size_t const body_size = number_at(4), fields_size = number_at(12);
  if (body_size > most_bytes || fields_size > most_bytes) refuse(concat({"a message of ", body_size + fields_size, " bytes"}));
  std::size_t const fields_end = header_size + fields_size, body = (fields_end + 7) & ~std::size_t{7};
  fill(body + body_size, end, what);
  std::string const data = in_.substr(0, body + body_size);
  in_.erase(0, data.size());
  return parsed(data, fields_end, body);
}

Message Connection::answer_to(std::uint32_t number, std::string const& what) {
  std::int64_t const end = monotonic_ms() + patience_ms_;
  for (;;) {
    Message message = receive(what);
    bool const is_it = (message.kind == Kind::answer || message.kind == Kind::error) && message.answers == number;
    if (is_it && message.kind == Kind::answer) return message;
    if (is_it) throw Error::refusal(concat({what, ": ", message.error_text()}));
    if (monotonic_ms() >= end) fail(ETIMEDOUT, what, {name_});
  }
}

}  // namespace orlop::bus
