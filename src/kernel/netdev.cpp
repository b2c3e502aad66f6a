#include "orlop/kernel/netdev.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace orlop::kernel {

void bring_up(std::string const& name) {
  // Any socket reaches the namespace's devices; an AF_UNIX one exists on kernels without IPv4, too.
  Fd const any{check(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  check(ioctl(any, SIOCGIFFLAGS, &request), "ioctl", {Word{"SIOCGIFFLAGS"}, name});
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  check(ioctl(any, SIOCSIFFLAGS, &request), "ioctl", {Word{"SIOCSIFFLAGS"}, name});
}

}  // namespace orlop::kernel
