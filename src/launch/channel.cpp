#include "orlop/launch/channel.hpp"

#include "orlop/base/socket.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace orlop::launch {

namespace {

constexpr std::size_t header_size = offsetof(Message, call);

void put(char* to, std::size_t room, std::string_view text) {
  std::size_t const length = std::min(text.size(), room - 1);
  std::memcpy(to, text.data(), length);
  to[length] = 0;
}

}  // namespace

bool say(int channel, Word word, int fd, std::int32_t index) {
  Message message;
  message.word = word;
  message.index = index;
  return socket::send(channel, &message, header_size, fd);
}

Message message_of(Error const& error) noexcept {
  Message message{};
  message.word = Word::failed;
  message.code = error.code();
  put(message.call, sizeof message.call, error.call());
  put(message.trail, sizeof message.trail, error.trail());
  put(message.hint, sizeof message.hint, error.hint());
  return message;
}

void say_failure(int channel, Error const& error) noexcept {
  Message const message = message_of(error);
  try {
    socket::send(channel, &message, sizeof message);
  } catch (Error const&) {  // the peer learns from the end of file that we are gone
  }
}

Heard hear(int channel) {
  Heard heard;
  auto received = socket::receive(channel, &heard.message, sizeof heard.message);
  if (received.size == 0) {
    heard.message.word = Word::end_of_file;
    return heard;
  }
  bool const is_failure = heard.message.word == Word::failed;
  if (received.size != (is_failure ? sizeof(Message) : header_size)) fail(EBADMSG, "recvmsg", {received.size});
  heard.fd = std::move(received.fd);
  return heard;
}

Fd expect(int channel, Word word) {
  Heard heard = hear(channel);
  if (heard.message.word == word) return std::move(heard.fd);
  if (heard.message.word == Word::failed) throw error_of(heard.message);
  throw Error::refusal("the orlop command that makes this container is gone");
}

void ask(int channel, Word word, int fd, std::int32_t index) {
  if (!say(channel, word, fd, index)) throw Error::refusal("the orlop command that makes this container is gone");
  expect(channel, Word::done);
}

Fd ask_for(int channel, Word word, int fd, std::int32_t index) {
  if (!say(channel, word, fd, index)) throw Error::refusal("the orlop command that makes this container is gone");
  return expect(channel, Word::done);
}

Error error_of(Message const& message) {
  return Error{message.code, message.call, message.trail}.with_hint(message.hint);
}

}  // namespace orlop::launch
