#include "orlop/kernel/netdev.hpp"

#include "orlop/base/error.hpp"

#include <algorithm>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <vector>

namespace orlop::kernel {

namespace {

class Request {
public:
  template <class Body>
  Request(unsigned type, unsigned flags, Body const& body) {
    auto& head = header();
    head.nlmsg_len = NLMSG_LENGTH(sizeof body);
    head.nlmsg_type = static_cast<std::uint16_t>(type);
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    std::memcpy(NLMSG_DATA(&head), &body, sizeof body);
  }
  void add(unsigned type, void const* data, std::size_t size) {
    auto& head = header();
    auto const begin = NLMSG_ALIGN(head.nlmsg_len);
    if (begin + RTA_SPACE(size) > sizeof bytes_) fail(EMSGSIZE, "rtnetlink", {Word{"attribute"}, size});
    rtattr const attribute{static_cast<unsigned short>(RTA_LENGTH(size)), static_cast<unsigned short>(type)};
    std::memcpy(bytes_ + begin, &attribute, sizeof attribute);
    std::memcpy(bytes_ + begin + RTA_LENGTH(0), data, size);
    head.nlmsg_len = static_cast<std::uint32_t>(begin + RTA_LENGTH(size));
  }
  void add(unsigned type, std::string const& text) { add(type, text.c_str(), text.size() + 1); }
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_); }

private:
  alignas(nlmsghdr) char bytes_[1024] = {};
};

// One message of an answer, read as its type says.
struct Message {
  std::string bytes;
  nlmsghdr const& header() const { return *reinterpret_cast<nlmsghdr const*>(bytes.data()); }
  template <class Body>
  Body const& body() const { return *reinterpret_cast<Body const*>(NLMSG_DATA(&header())); }
  template <class Body>
  std::vector<rtattr const*> attributes() const {
    std::vector<rtattr const*> all;
    auto left = static_cast<int>(header().nlmsg_len - NLMSG_SPACE(sizeof(Body)));
    auto const* each = reinterpret_cast<rtattr const*>(bytes.data() + NLMSG_SPACE(sizeof(Body)));
    for (; RTA_OK(each, left); each = RTA_NEXT(each, left)) all.push_back(each);
    return all;
  }
};

struct Answer {
  int code = 0;
  bool is_interrupted = false;  // what was listed has changed meanwhile
  std::vector<Message> messages;
};

// True at the end of the answer.
bool take(std::string const& received, Answer& answer) {
  auto left = static_cast<unsigned>(received.size());
  for (auto const* each = reinterpret_cast<nlmsghdr const*>(received.data()); NLMSG_OK(each, left); each = NLMSG_NEXT(each, left)) {
    answer.is_interrupted |= each->nlmsg_flags & NLM_F_DUMP_INTR;
    if (each->nlmsg_type == NLMSG_DONE) return true;
    if (each->nlmsg_type == NLMSG_ERROR) {
      answer.code = -static_cast<nlmsgerr const*>(NLMSG_DATA(each))->error;
      return true;
    }
    answer.messages.push_back({{reinterpret_cast<char const*>(each), each->nlmsg_len}});
  }
  return false;
}

Answer exchange(int socket, Request& request) {
  constexpr std::size_t most = 64 * 1024;  // the kernel cuts its lists into smaller pieces
  auto const& header = request.header();
  check(retry([&] { return send(socket, &header, header.nlmsg_len, 0); }), "send");
  Answer answer;
  std::string received(most, 0);
  do {
    received.resize(most);
    auto const size = check(retry([&] { return recv(socket, received.data(), most, 0); }), "recv");
    received.resize(static_cast<std::size_t>(size));
  } while (!take(received, answer));
  return answer;
}

Answer ask(int socket, Request& request, char const* what, std::string const& name) {
  Answer answer = exchange(socket, request);
  if (answer.code) fail(answer.code, "rtnetlink", {Word{what}, name});
  return answer;
}

std::vector<Message> list(int socket, Request& request, char const* what, std::string const& name) {
  for (int tries = 0; tries < 10; ++tries) {
    Answer answer = ask(socket, request, what, name);
    if (!answer.is_interrupted) return std::move(answer.messages);
  }
  fail(EBUSY, "rtnetlink", {Word{what}, name});
}

// 0: there is none of this name.
int try_find(int socket, std::string const& name) {
  Request request{RTM_GETLINK, 0, ifinfomsg{}};
  request.add(IFLA_IFNAME, name);
  Answer const answer = exchange(socket, request);
  if (answer.code == ENODEV) return 0;
  if (answer.code || answer.messages.empty()) fail(answer.code, "rtnetlink", {Word{"RTM_GETLINK"}, name});
  return answer.messages[0].body<ifinfomsg>().ifi_index;
}

int find(int socket, std::string const& name) {
  int const index = try_find(socket, name);
  if (!index) fail(ENODEV, "rtnetlink", {Word{"RTM_GETLINK"}, name});
  return index;
}

bool is_up(int socket, int index, NetDevice const& device) {
  ifinfomsg body{};
  body.ifi_index = index;
  Request request{RTM_GETLINK, 0, body};
  auto const answer = ask(socket, request, "RTM_GETLINK", device.name);
  return !answer.messages.empty() && answer.messages[0].body<ifinfomsg>().ifi_flags & IFF_UP;
}

std::vector<int> indices(int socket) {
  Request request{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}};
  std::vector<int> all;
  for (auto const& link : list(socket, request, "RTM_GETLINK", "")) all.push_back(link.body<ifinfomsg>().ifi_index);
  return all;
}

// The addresses that are meant to last, and for others to speak to.
std::vector<Message> lasting_addresses(int socket, int index, std::string const& name) {
  Request request{RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}};
  auto all = list(socket, request, "RTM_GETADDR", name);
  std::erase_if(all, [&](Message const& one) {
    auto const& address = one.body<ifaddrmsg>();
    return address.ifa_index != static_cast<unsigned>(index) || !(address.ifa_flags & IFA_F_PERMANENT) ||
           address.ifa_scope != RT_SCOPE_UNIVERSE;
  });
  return all;
}

void add_address(int socket, int index, Message const& address, NetDevice const& device) {
  ifaddrmsg body = address.body<ifaddrmsg>();
  body.ifa_index = static_cast<unsigned>(index);
  Request request{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body};
  bool const is_renamed = device.name != device.new_name;
  for (auto const* attribute : address.attributes<ifaddrmsg>()) {
    // How long it lives: for ever. A label begins with the name of the device.
    if (attribute->rta_type == IFA_CACHEINFO || (attribute->rta_type == IFA_LABEL && is_renamed)) continue;
    request.add(attribute->rta_type, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
  }
  ask(socket, request, "RTM_NEWADDR", device.name);
}

void move(int here, int there, int index, NetDevice const& device) {
  Fd const target{check(ioctl(there, SIOCGSKNS), "ioctl", {Word{"SIOCGSKNS"}})};
  ifinfomsg body{};
  body.ifi_index = index;
  Request request{RTM_NEWLINK, 0, body};
  int const fd = target;
  request.add(IFLA_NET_NS_FD, &fd, sizeof fd);
  request.add(IFLA_IFNAME, device.new_name);
  ask(here, request, "RTM_NEWLINK", device.name);
}

void set_up(int socket, int index, NetDevice const& device) {
  ifinfomsg body{};
  body.ifi_index = index;
  body.ifi_flags = body.ifi_change = IFF_UP;
  Request request{RTM_NEWLINK, 0, body};
  ask(socket, request, "RTM_NEWLINK", device.name);
}

// Its number may be another one there, and of a pattern nobody but the kernel knows what became of it.
int find_moved(int there, std::vector<int> const& before, NetDevice const& device) {
  if (!device.has_pattern()) return find(there, device.new_name);
  for (int const index : indices(there))
    if (std::find(before.begin(), before.end(), index) == before.end()) return index;
  fail(ENODEV, "rtnetlink", {Word{"RTM_GETLINK"}, device.new_name});
}

// The kernel moves first and renames then: of what fails in between, the device is there under its old name.
void take_back_half_moved(int here, int there, NetDevice const& device, std::vector<Message> const& addresses, bool was_up) {
  int const index = try_find(there, device.name);
  if (!index || try_find(here, device.name)) return;
  NetDevice const same{device.name, device.name};
  move(there, here, index, same);
  int const back = find(here, device.name);
  for (auto const& address : addresses) add_address(here, back, address, same);
  if (was_up) set_up(here, back, same);
}

}  // namespace

void bring_up(std::string const& name) {
  // Any socket reaches the namespace's devices; an AF_UNIX one exists on kernels without IPv4, too.
  Fd const any{check(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  check(ioctl(any, SIOCGIFFLAGS, &request), "ioctl", {Word{"SIOCGIFFLAGS"}, name});
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  check(ioctl(any, SIOCSIFFLAGS, &request), "ioctl", {Word{"SIOCSIFFLAGS"}, name});
}

Fd open_rtnetlink() {
  return Fd{check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket", {Word{"AF_NETLINK"}})};
}

void check_move(int here, int there, NetDevice const& device) {
  find(here, device.name);
  if (!device.has_pattern() && try_find(there, device.new_name))
    throw Error::refusal(concat({"the network namespace has a device of the name ", device.new_name, " already"}));
}

MovedDevice move_device(int here, int there, NetDevice const& device) {
  int const index = find(here, device.name);
  MovedDevice moved{0, is_up(here, index, device)};
  auto const addresses = lasting_addresses(here, index, device.name);
  std::vector<int> const before = device.has_pattern() ? indices(there) : std::vector<int>{};
  try {
    move(here, there, index, device);
  } catch (Error const&) {
    take_back_half_moved(here, there, device, addresses, moved.was_up);
    throw;
  }
  moved.index = find_moved(there, before, device);
  try {
    for (auto const& address : addresses) add_address(there, moved.index, address, device);
    set_up(there, moved.index, device);
  } catch (Error const&) {
    move_device_back(here, there, device, moved);
    throw;
  }
  return moved;
}

bool move_device_back(int here, int there, NetDevice const& device, MovedDevice moved) noexcept {
  try {
    NetDevice const back{device.new_name, device.name};
    auto const addresses = lasting_addresses(there, moved.index, device.new_name);
    move(there, here, moved.index, back);
    int const index = find(here, device.name);
    for (auto const& address : addresses) add_address(here, index, address, back);
    if (moved.was_up) set_up(here, index, back);
    return true;
  } catch (std::exception const&) {
    return false;
  }
}

}  // namespace orlop::kernel
