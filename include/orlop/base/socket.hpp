// AF_UNIX sockets: pairs, listening and connecting by path, one descriptor beside the bytes. unix(7), cmsg(3).
// All are SOCK_CLOEXEC; writing to a closed peer gives EPIPE, never SIGPIPE.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orlop::socket {

std::pair<Fd, Fd> seqpacket_pair();

// Listens at `name` in an open directory; a long path is no obstacle (108 bytes are: /proc/self/fd is used).
Fd listen_at(int directory, std::string const& directory_path, std::string const& name);
// nullopt: nobody listens there (ECONNREFUSED) or nothing is there (ENOENT).
std::optional<Fd> try_connect_at(int directory, std::string const& directory_path, std::string const& name);
// A stream socket at a host path: a console socket.
Fd connect_stream(std::string const& path);

// A datagram socket at `name` in an open directory.
Fd bind_datagram_at(int directory, std::string const& directory_path, std::string const& name);
// One datagram to a path, or to an abstract name that begins with '@'; with `fd` beside it unless that is -1.
void send_datagram(std::string const& to, std::string_view text, int fd);

// Sends all of it as one packet, with `fd` beside it unless that is -1. False: the peer is gone (EPIPE, ECONNRESET).
bool send(int socket, void const* data, std::size_t size, int fd = -1);

// One packet. Size 0 is end of file (the peer closed or died).
struct Received {
  std::size_t size = 0;
  Fd fd;
};
Received receive(int socket, void* data, std::size_t size);

}  // namespace orlop::socket
