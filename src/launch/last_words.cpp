#include "orlop/launch/last_words.hpp"

#include "orlop/base/file.hpp"
#include "orlop/launch/channel.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace orlop::launch {

LastWords::LastWords(Error const& error)
    : file_{check(memfd_create("last words", MFD_CLOEXEC), "memfd_create", {"last words"})} {
  Message message = message_of(error);
  message.code = 0;
  file::write(file_, "last words", {reinterpret_cast<char const*>(&message), sizeof message});
  message_ = mmap(nullptr, sizeof(Message), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (message_ == MAP_FAILED) fail("mmap", {"last words"});
}

void LastWords::leave(int code) const noexcept { static_cast<Message volatile*>(message_)->code = code; }

void hear_last_words(Fd const& file) {
  if (!file.is_open()) return;
  Message message;
  auto const got = check(pread(file, &message, sizeof message, 0), "pread", {"last words"});
  if (got != sizeof message || message.code == 0) return;
  if (message.code != ENOENT) message.hint[0] = 0;
  throw error_of(message).within(Doing::trail());
}

}  // namespace orlop::launch
