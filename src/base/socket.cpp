#include "orlop/base/socket.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace orlop::socket {

namespace {

sockaddr_un address_of(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(ENAMETOOLONG, "connect", {path});
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

std::string short_path(int directory, std::string const& directory_path, std::string const& name) {
  if (directory_path.size() + name.size() + 2 <= sizeof sockaddr_un{}.sun_path) return concat({directory_path, "/", name});
  return concat({"/proc/self/fd/", directory, "/", name});
}

// Room for one descriptor, aligned as cmsg(3) asks.
union Control {
  cmsghdr header;
  char room[CMSG_SPACE(sizeof(int))];
};

}  // namespace

std::pair<Fd, Fd> seqpacket_pair() {
  int fds[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), "socketpair", {Word{"AF_UNIX"}});
  return {Fd{fds[0]}, Fd{fds[1]}};
}

Fd bind_datagram_at(int directory, std::string const& directory_path, std::string const& name) {
  Fd bound{check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  auto const address = address_of(short_path(directory, directory_path, name));
  check(bind(bound, reinterpret_cast<sockaddr const*>(&address), sizeof address), "bind", {concat({directory_path, "/", name})});
  return bound;
}

// The length of an abstract name counts: all bytes behind it would belong to it.
void send_datagram(std::string const& to, std::string_view text, int fd) {
  Fd const client{check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  auto address = address_of(to);
  if (to.front() == '@') address.sun_path[0] = 0;
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + to.size());
  check(retry([&] { return connect(client, reinterpret_cast<sockaddr const*>(&address), size); }), "connect", {to});
  if (!send(client, text.data(), text.size(), fd)) fail(ECONNREFUSED, "sendmsg", {to});
}

Fd listen_at(int directory, std::string const& directory_path, std::string const& name) {
  Fd listener{check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  auto const address = address_of(short_path(directory, directory_path, name));
  check(bind(listener, reinterpret_cast<sockaddr const*>(&address), sizeof address), "bind", {concat({directory_path, "/", name})});
  check(listen(listener, 128), "listen", {concat({directory_path, "/", name})});
  return listener;
}

std::optional<Fd> try_connect_at(int directory, std::string const& directory_path, std::string const& name) {
  Fd client{check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  auto const address = address_of(short_path(directory, directory_path, name));
  int const result = retry([&] { return connect(client, reinterpret_cast<sockaddr const*>(&address), sizeof address); });
  if (result == 0) return client;
  if (errno == ECONNREFUSED || errno == ENOENT) return std::nullopt;
  fail("connect", {concat({directory_path, "/", name})});
}

Fd connect_stream(std::string const& path) {
  Fd client{check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket", {Word{"AF_UNIX"}})};
  bool const is_long = path.size() >= sizeof sockaddr_un{}.sun_path && path.rfind('/') != std::string::npos;
  std::string const directory_path = is_long ? path.substr(0, path.rfind('/') + 1) : "";
  Fd const directory = is_long ? path::open_host(directory_path, O_PATH | O_DIRECTORY) : Fd{};
  std::string const name = path.substr(directory_path.size());
  auto const address = address_of(is_long ? short_path(directory, directory_path, name) : path);
  check(retry([&] { return connect(client, reinterpret_cast<sockaddr const*>(&address), sizeof address); }), "connect", {path});
  return client;
}

bool send(int socket, void const* data, std::size_t size, int fd) {
  iovec part{const_cast<void*>(data), size};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.room;
    message.msg_controllen = sizeof control.room;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  if (retry([&] { return sendmsg(socket, &message, MSG_NOSIGNAL); }) >= 0) return true;
  if (errno == EPIPE || errno == ECONNRESET) return false;
  fail("sendmsg", {socket});
}

Received receive(int socket, void* data, std::size_t size) {
  iovec part{data, size};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.room;
  message.msg_controllen = CMSG_LEN(sizeof(int));  // without the padding, in which a second descriptor would have room
  ssize_t got = retry([&] { return recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  // A peer that left something unread: the kernel says so once, and what the peer has said is still to be read.
  if (got < 0 && errno == ECONNRESET) got = retry([&] { return recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (got < 0 && errno == ECONNRESET) return {};
  check(got, "recvmsg", {socket});
  Received received;
  received.size = static_cast<std::size_t>(got);
  cmsghdr const* const header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    received.fd = Fd{fd};
  }
  return received;
}

}  // namespace orlop::socket
