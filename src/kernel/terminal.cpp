#include "orlop/kernel/terminal.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr long devpts_super_magic = 0x1cd1;  // statfs(2)

bool is_on_devpts(int fd) {
  struct statfs status;
  check(fstatfs(fd, &status), "fstatfs", {"/dev/pts/ptmx"});
  return status.f_type == devpts_super_magic;
}

// Looked at before it is opened, for to open a device of the image's choice may be an act by itself; and again after,
// for it may have been replaced meanwhile.
Fd open_multiplexer(Directory const& root) {
  Fd master;
  for (int const flags : {O_PATH, O_RDWR | O_NOCTTY}) {
    master = path::open_in(root, "/dev/pts/ptmx", flags | O_NOFOLLOW);
    if (!is_on_devpts(master))
      throw Error::refusal("a terminal needs a devpts mounted at /dev/pts; /dev/pts/ptmx is on another file system");
  }
  return master;
}

}  // namespace

Pty new_pty(Directory const& root) {
  Pty pty;
  pty.master = open_multiplexer(root);
  int locked = 0;
  check(ioctl(pty.master, TIOCSPTLCK, &locked), "ioctl", {Word{"TIOCSPTLCK"}});
  int const slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  pty.slave = Fd{check(slave, "ioctl", {Word{"TIOCGPTPEER"}})};
  return pty;
}

void pass_output_unchanged(int terminal) {
  termios settings;
  check(tcgetattr(terminal, &settings), "tcgetattr");
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  check(tcsetattr(terminal, TCSANOW, &settings), "tcsetattr");
}

void set_window_size(int terminal, unsigned short rows, unsigned short columns) {
  winsize const size{rows, columns, 0, 0};
  check(ioctl(terminal, TIOCSWINSZ, &size), "ioctl", {Word{"TIOCSWINSZ"}});
}

std::optional<winsize> try_window_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return std::nullopt;
  return size;
}

void copy_window_size(int from, int to) noexcept {
  winsize size{};
  if (ioctl(from, TIOCGWINSZ, &size) == 0) ioctl(to, TIOCSWINSZ, &size);
}

void take_as_controlling_terminal(int slave) { check(ioctl(slave, TIOCSCTTY, 0), "ioctl", {Word{"TIOCSCTTY"}}); }

void use_as_stdio(int slave) {
  for (int fd = 0; fd <= 2; ++fd) check(dup2(slave, fd), "dup2", {slave, fd});
}

RawMode::RawMode(int terminal) {
  if (tcgetattr(terminal, &before_) < 0) return;  // not a terminal: nothing to change, nothing to restore
  termios raw = before_;
  cfmakeraw(&raw);
  raw.c_oflag |= OPOST;  // a bare newline of the container goes to the start of the line here
  check(tcsetattr(terminal, TCSANOW, &raw), "tcsetattr", {terminal});
  terminal_ = terminal;
}

void RawMode::restore() noexcept {
  if (terminal_ < 0) return;
  // TCSADRAIN: what the container wrote last is shown before the mode changes.
  retry([&] { return tcsetattr(terminal_, TCSADRAIN, &before_); });
  terminal_ = -1;
}

}  // namespace orlop::kernel
