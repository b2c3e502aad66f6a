// Pseudo-terminals: pty(7), devpts, tty_ioctl(4), termios(3).
#pragma once
#include "orlop/base/directory.hpp"

#include <cstdint>
#include <optional>
#include <sys/ioctl.h>
#include <termios.h>

namespace orlop::kernel {

struct Pty {
  Fd master;
  Fd slave;  // by TIOCGPTPEER: no path of the container is used
};

// A new pair of the devpts that is mounted at /dev/pts of `root`; what is there is proven to be a devpts.
Pty new_pty(Directory const& root);

// Newlines are not made into \r\n on the way (ONLCR). The master's settings are the slave's.
void pass_output_unchanged(int terminal);

void set_window_size(int terminal, unsigned short rows, unsigned short columns);
// nullopt: not a terminal.
std::optional<winsize> try_window_size(int fd);
void copy_window_size(int from, int to) noexcept;

// Makes the terminal the controlling one of this session (of which we are the leader) and 0, 1 and 2.
void take_as_controlling_terminal(int slave);
void use_as_stdio(int slave);

// The caller's terminal in raw mode (but for its output processing: the container's pty leaves newlines bare)
// for as long as the object lives (or until restore()).
class RawMode {
public:
  RawMode() = default;
  explicit RawMode(int terminal);
  RawMode(RawMode const&) = delete;
  RawMode& operator=(RawMode const&) = delete;
  ~RawMode() { restore(); }
  void restore() noexcept;

private:
  int terminal_ = -1;
  termios before_{};
};

}  // namespace orlop::kernel
