#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/fd.hpp"
#include "orlop/kernel/netdev.hpp"

#include <cstring>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

using namespace orlop;

namespace {

bool is_up(char const* name) {
  Fd const any{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, name);
  REQUIRE(ioctl(any, SIOCGIFFLAGS, &request) == 0);
  return request.ifr_flags & IFF_UP;
}

}  // namespace

TEST_CASE("netdev: the loopback device of a new namespace is brought up") {
  harness::in_child([] {
    if (unshare(CLONE_NEWNET) < 0) harness::skip("no network namespace of its own");
    CHECK_FALSE(is_up("lo"));
    kernel::bring_up("lo");
    CHECK(is_up("lo"));
    CHECK_NOTHROW(kernel::bring_up("lo"));
    CHECK(harness::failure_of([] { kernel::bring_up("nosuch0"); }) ==
          "ioctl(SIOCGIFFLAGS, \"nosuch0\"): no such device");
  });
}
