// How a process that is under its filter tells that execve has failed: it may not be able to send, nor to make any other
// system call. So it stores the errno in a file in memory, which the other side got beforehand. memfd_create(2).
#pragma once
#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"

namespace orlop::launch {

class LastWords {
public:
  // All of what would have to be said but the errno; the hint is for ENOENT.
  explicit LastWords(Error const& error);
  int file() const { return file_; }
  // A store in memory.
  void leave(int code) const noexcept;

private:
  Fd file_;
  void* message_;
};

// Behind the end of file of the channel; throws what was left. Closed: nothing could be.
void hear_last_words(Fd const& file);

}  // namespace orlop::launch
