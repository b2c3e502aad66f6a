// Where the master of a container's terminal goes: to the engine's console socket, or to us.
#pragma once
#include "orlop/base/fd.hpp"

#include <string>

namespace orlop::launch {

// One message with the one descriptor, as containerd and conmon want it. Without a socket the master is given back, with
// the window size of our own terminal, if we have one: before the program can ask for it.
Fd deliver_terminal(Fd master, std::string const& console_socket);

}  // namespace orlop::launch
