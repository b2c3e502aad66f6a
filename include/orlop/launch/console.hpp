// What an engine gets through a socket of its own: the process (--pidfd-socket), and the terminal.
// Where the master of a container's terminal goes: to the engine's console socket, or to us.
#pragma once
#include "orlop/base/fd.hpp"

#include <string>
#include <string_view>

namespace orlop::launch {

// One message with the one descriptor, as containerd and conmon want it. Without a socket the master is given back, with
// the window size of our own terminal, if we have one: before the program can ask for it.
Fd deliver_terminal(Fd master, std::string const& console_socket);

// --pidfd-socket: one message with a pidfd. `what`: "standard" of a container's init, "setns" of an exec.
void deliver_pidfd(int pidfd, std::string const& path, std::string_view what);

}  // namespace orlop::launch
