#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/fd.hpp"
#include "orlop/kernel/netdev.hpp"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
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

namespace {

// `ip` of iproute2 in the namespace of that descriptor, or in ours.
std::string ip(std::string const& words, int there = -1) {
  FILE* const pipe = popen(((there < 0 ? "" : "nsenter --net=/proc/self/fd/" + std::to_string(there) + " ") + "ip -o " + words + " 2>&1").c_str(), "r");
  std::string output;
  for (int c; (c = fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  return pclose(pipe) == 0 ? output : "failed: " + output;
}

bool has(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

struct Namespace {
  Fd socket, name;  // the name can be inherited
};

// Leaves us in the second of two new namespaces.
Namespace two_namespaces() {
  if (unshare(CLONE_NEWNET) < 0) harness::skip("no network namespace of its own");
  Namespace there{kernel::open_rtnetlink(), Fd{open("/proc/thread-self/ns/net", O_RDONLY)}};
  REQUIRE(unshare(CLONE_NEWNET) == 0);
  if (ip("link add v1 type veth peer name v2") != "") harness::skip("no veth devices, or no ip");
  return there;
}

void move(Namespace const& there, char const* name, char const* new_name) {
  Fd const here = kernel::open_rtnetlink();
  kernel::check_move(here, there.socket, {name, new_name});
  kernel::move_device(here, there.socket, {name, new_name});
}

}  // namespace

TEST_CASE("netdev: a device moves with its lasting addresses") {
  harness::in_child([] {
    auto const there = two_namespaces();
    ip("link set v1 mtu 1301 address 02:00:00:00:12:34 up");
    ip("address add 192.0.2.7/24 brd + dev v1 label v1:x");
    ip("address add 192.0.2.8/32 peer 198.51.100.1/32 dev v1");
    ip("address add 192.0.2.9/24 dev v1 valid_lft 1000 preferred_lft 1000");
    ip("address add 192.0.2.10/24 scope link dev v1");
    ip("-6 address add 2001:db8::7/64 dev v1");
    move(there, "v1", "v1");
    CHECK(has(ip("link show v1"), "failed"));
    std::string const link = ip("link show v1", there.name), addresses = ip("address show v1", there.name);
    CHECK(has(link, "mtu 1301"));
    CHECK(has(link, "02:00:00:00:12:34"));
    CHECK(has(link, ",UP"));
    CHECK(has(addresses, "192.0.2.7/24 brd 192.0.2.255 scope global v1:x"));
    CHECK(has(addresses, "192.0.2.8 peer 198.51.100.1/32"));
    CHECK(has(addresses, "2001:db8::7/64"));
    CHECK_FALSE(has(addresses, "192.0.2.9"));
    CHECK_FALSE(has(addresses, "192.0.2.10"));
  });
}

TEST_CASE("netdev: a device gets another name, or the next number of a pattern") {
  harness::in_child([] {
    auto const there = two_namespaces();
    ip("address add 192.0.2.7/24 dev v1 label v1:x");
    move(there, "v1", "net0");
    CHECK(has(ip("address show net0", there.name), "192.0.2.7/24 scope global net0"));
    ip("address add 192.0.2.1/24 dev v2");
    move(there, "v2", "net%d");
    CHECK(has(ip("address show net1", there.name), "192.0.2.1/24"));
    CHECK(has(ip("link show net1", there.name), ",UP"));
    // That the name that it had is taken there, too, is no obstacle.
    ip("link add net0 type veth peer name other");
    move(there, "net0", "n%d");
    std::string const links = ip("link", there.name);
    CHECK((has(links, " n0@") || has(links, " n1@")));
  });
}

TEST_CASE("netdev: what cannot be moved stays") {
  harness::in_child([] {
    auto const there = two_namespaces();
    auto const failure = [&](char const* name, char const* new_name) {
      return harness::failure_of([&] { move(there, name, new_name); });
    };
    CHECK(failure("nosuch0", "nosuch0") == "rtnetlink(RTM_GETLINK, \"nosuch0\"): no such device");
    CHECK(failure("v1", "lo") == "the network namespace has a device of the name lo already");
    CHECK(has(failure("lo", "lo0"), "rtnetlink(RTM_NEWLINK, \"lo\"): invalid argument"));
    CHECK(has(ip("link show v1"), "v1"));
  });
}
