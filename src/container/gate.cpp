#include "orlop/container/gate.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/socket.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace orlop::container {

namespace {
constexpr char name[] = "gate";
}

Fd make_gate(ContainerDir const& container) {
  Doing const doing{"gate"};
  return socket::listen_at(container.directory().fd, container.directory().path, name);
}

std::optional<Fd> try_knock(ContainerDir const& container) {
  Doing const doing{"gate"};
  return socket::try_connect_at(container.directory().fd, container.directory().path, name);
}

void remove_gate(ContainerDir const& container) noexcept { unlinkat(container.directory().fd, name, 0); }

}  // namespace orlop::container
