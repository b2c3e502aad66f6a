#include "relay.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

// A pipe that polls as writable takes this much without waiting: POSIX's PIPE_BUF.
constexpr std::size_t chunk = 4096;
constexpr char end_of_input = 4;  // VEOF, ^D
constexpr int silence_ms = 250;

int terminal_among_stdio() {
  for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (isatty(fd)) return fd;
  return -1;
}

}  // namespace

Relay::Relay(Fd master)
    : master_{std::move(master)}, raw_mode_{STDIN_FILENO}, input_is_terminal_{isatty(STDIN_FILENO) == 1},
      size_source_{terminal_among_stdio()} {
  // The master's description is ours alone; the caller's 0 and 1 are shared with others and stay as they are.
  check(fcntl(master_, F_SETFL, fcntl(master_, F_GETFL) | O_NONBLOCK), "fcntl", {Word{"O_NONBLOCK"}});
  resize();
}

void Relay::prepare(pollfd (&waiting)[3]) const {
  bool const open = master_.is_open();
  waiting[0] = {open && input_open_ && to_master_.empty() ? STDIN_FILENO : -1, POLLIN, 0};
  short const wanted = static_cast<short>((to_output_.empty() ? POLLIN : 0) | (to_master_.empty() ? 0 : POLLOUT));
  waiting[1] = {open ? static_cast<int>(master_) : -1, wanted, 0};
  waiting[2] = {to_output_.empty() ? -1 : STDOUT_FILENO, POLLOUT, 0};
}

void Relay::proceed(pollfd const (&waiting)[3]) {
  if (waiting[0].revents) read_input();
  if (waiting[1].revents & POLLOUT) write_master();
  if (waiting[1].revents & (POLLIN | POLLHUP | POLLERR) && to_output_.empty()) read_master();
  if (waiting[2].revents) write_output();
}

void Relay::read_input() {
  char bytes[chunk];
  ssize_t const got = read(STDIN_FILENO, bytes, sizeof bytes);
  if (got > 0)
    to_master_.assign(bytes, static_cast<std::size_t>(got));
  else if (got == 0 || (errno != EINTR && errno != EAGAIN))
    end_input();
}

void Relay::end_input() {
  input_open_ = false;
  if (input_is_terminal_)
    master_.reset();  // hung up: so is the container's
  else
    to_master_.assign(1, end_of_input);
}

void Relay::write_master() {
  ssize_t const put = write(master_, to_master_.data(), to_master_.size());
  if (put > 0) to_master_.erase(0, static_cast<std::size_t>(put));
  if (put < 0 && errno != EAGAIN && errno != EINTR) to_master_.clear();
}

void Relay::read_master() {
  char bytes[chunk];
  ssize_t const got = read(master_, bytes, sizeof bytes);
  if (got > 0)
    to_output_.assign(bytes, static_cast<std::size_t>(got));
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    master_.reset();  // EIO: nobody holds the other side any more
}

void Relay::write_output() {
  ssize_t const put = write(STDOUT_FILENO, to_output_.data(), to_output_.size());
  if (put > 0) to_output_.erase(0, static_cast<std::size_t>(put));
  if (put < 0 && errno != EAGAIN && errno != EINTR) {
    to_output_.clear();
    master_.reset();  // nobody reads us: the container's terminal hangs up, as a shell's would
  }
}

void Relay::finish() {
  input_open_ = false;
  to_master_.clear();
  for (;;) {
    pollfd waiting[3];
    prepare(waiting);
    if (!master_.is_open() && to_output_.empty()) break;
    // Output may take as long as its reader; the terminal is given up when it is silent.
    int const patience = to_output_.empty() ? silence_ms : -1;
    int const ready = poll(waiting, 3, patience);
    if (ready == 0) break;
    if (ready > 0) proceed(waiting);
  }
  raw_mode_.restore();
}

}  // namespace orlop::launch
