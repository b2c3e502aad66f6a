#include "orlop/launch/console.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/kernel/terminal.hpp"

#include <unistd.h>

namespace orlop::launch {

namespace {

void send_to_console(std::string const& path, int master) {
  Doing const doing{"console socket", path};
  Fd const console = socket::connect_stream(path);
  constexpr char name[] = "/dev/console";
  if (!socket::send(console, name, sizeof name - 1, master)) throw Error::refusal("the receiver has closed it");
}

}  // namespace

void deliver_pidfd(int pidfd, std::string const& path, std::string_view what) {
  if (path.empty()) return;
  Doing const doing{"pidfd socket", path};
  Fd const receiver = socket::connect_stream(path);
  if (!socket::send(receiver, what.data(), what.size(), pidfd)) throw Error::refusal("the receiver has closed it");
}

Fd deliver_terminal(Fd master, std::string const& console_socket) {
  if (!console_socket.empty()) {
    send_to_console(console_socket, master);
    return {};  // how newlines come out is the receiver's choice: containerd leaves it at \r\n, conmon sets it
  }
  kernel::pass_output_unchanged(master);
  for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (isatty(fd)) {
      kernel::copy_window_size(fd, master);
      break;
    }
  return master;
}

}  // namespace orlop::launch
