#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/socket.hpp"

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace orlop;

namespace {

bool is_close_on_exec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }

std::string text_from(int socket) {
  char text[64];
  auto const received = socket::receive(socket, text, sizeof text);
  return {text, received.size};
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (auto const& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) count += !entry.path().empty();
  return count;
}

// One packet with two descriptors beside it, as a hostile peer would send it.
void send_two_descriptors(int socket, int fd) {
  char byte = 'x';
  iovec part{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  int const fds[2] = {fd, fd};
  std::memcpy(CMSG_DATA(header), fds, sizeof fds);
  REQUIRE(sendmsg(socket, &message, 0) == 1);
}

std::string made_directory(std::string path) {
  std::filesystem::create_directories(path);
  return path;
}

}  // namespace

TEST_CASE("socket: a pair keeps the packets apart and closes on exec") {
  auto const [one, other] = socket::seqpacket_pair();
  CHECK(is_close_on_exec(one));
  CHECK(is_close_on_exec(other));
  CHECK(socket::send(one, "first", 5));
  CHECK(socket::send(one, "second", 6));
  CHECK(text_from(other) == "first");
  CHECK(text_from(other) == "second");
}

TEST_CASE("socket: a descriptor travels beside the bytes") {
  auto const [one, other] = socket::seqpacket_pair();
  Fd const sent = path::open_host("/proc/self/status", O_RDONLY);
  CHECK(socket::send(one, "fd", 2, sent));
  char text[8];
  auto const received = socket::receive(other, text, sizeof text);
  CHECK(received.size == 2);
  REQUIRE(received.fd.is_open());
  CHECK(is_close_on_exec(received.fd));
  CHECK(file::read(received.fd, "received").find("State:") != std::string::npos);
}

TEST_CASE("socket: without a descriptor none is received") {
  auto const [one, other] = socket::seqpacket_pair();
  CHECK(socket::send(one, "x", 1));
  char text[8];
  CHECK_FALSE(socket::receive(other, text, sizeof text).fd.is_open());
}

TEST_CASE("socket: a second descriptor does not stay open in the receiver") {
  auto const [one, other] = socket::seqpacket_pair();
  auto const before = open_descriptors();
  send_two_descriptors(one, 0);
  {
    char text[8];
    auto const received = socket::receive(other, text, sizeof text);
    CHECK(received.fd.is_open());
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("socket: descriptor 0 can be sent") {
  auto const [one, other] = socket::seqpacket_pair();
  CHECK(socket::send(one, "x", 1, 0));
  char text[8];
  CHECK(socket::receive(other, text, sizeof text).fd.is_open());
}

TEST_CASE("socket: a peer that closed is end of file, and false for a sender") {
  auto [one, other] = socket::seqpacket_pair();
  socket::send(one, "last", 4);
  one.reset();
  CHECK(text_from(other) == "last");
  CHECK(text_from(other) == "");
  CHECK_FALSE(socket::send(other, "x", 1));
}

TEST_CASE("socket: a peer that died with unread packets is end of file too") {
  auto [one, other] = socket::seqpacket_pair();
  socket::send(one, "unread", 6);
  other.reset();
  CHECK(text_from(one) == "");
  CHECK_FALSE(socket::send(one, "x", 1));
}

TEST_CASE("socket: a failed call names the descriptor") {
  char text[8];
  CHECK_THROWS_WITH(socket::send(0x7fff, "x", 1), "sendmsg(32767): bad file descriptor");
  CHECK_THROWS_WITH(socket::receive(0x7fff, text, sizeof text), "recvmsg(32767): bad file descriptor");
}

TEST_CASE("socket: listen and connect by name, however long the path is") {
  harness::in_private_mounts([](std::string const& scratch) {
    for (std::string const& place :
         {scratch + "/short", scratch + "/" + std::string(200, 'l') + "/" + std::string(200, 'm')}) {
      INFO(place);
      Fd const directory = path::open_host(made_directory(place), O_PATH | O_DIRECTORY);
      CHECK_FALSE(socket::try_connect_at(directory, place, "gate"));
      Fd const listener = socket::listen_at(directory, place, "gate");
      CHECK(std::filesystem::is_socket(place + "/gate"));
      auto const client = socket::try_connect_at(directory, place, "gate");
      REQUIRE(client);
      Fd const server{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
      CHECK(socket::send(*client, "hello", 5));
      CHECK(text_from(server) == "hello");
      CHECK(is_close_on_exec(listener));
      CHECK(is_close_on_exec(*client));
    }
  });
}

TEST_CASE("socket: nobody listens any more") {
  harness::in_private_mounts([](std::string const& scratch) {
    Fd const directory = path::open_host(scratch, O_PATH | O_DIRECTORY);
    { Fd const listener = socket::listen_at(directory, scratch, "gate"); }
    CHECK(std::filesystem::is_socket(scratch + "/gate"));
    CHECK_FALSE(socket::try_connect_at(directory, scratch, "gate"));
    CHECK_THROWS_WITH(socket::listen_at(directory, scratch, "gate"),
                      "bind(\"" + scratch + "/gate\"): address already in use");
  });
}

TEST_CASE("socket: what is no socket is an error") {
  harness::in_private_mounts([](std::string const& scratch) {
    Fd const directory = path::open_host(scratch, O_PATH | O_DIRECTORY);
    file::replace(scratch + "/file", "", 0644);
    CHECK_FALSE(socket::try_connect_at(directory, scratch, "file"));  // the kernel's answer is ECONNREFUSED
    CHECK_THROWS_WITH(socket::try_connect_at(directory, scratch, "file/x"),
                      "connect(\"" + scratch + "/file/x\"): not a directory");
  });
}

TEST_CASE("socket: a stream connection to a console socket") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const path = scratch + "/console";
    CHECK_THROWS_WITH(socket::connect_stream(path), "connect(\"" + path + "\"): no such file or directory");
    Fd const listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    REQUIRE(bind(listener, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener, 1) == 0);
    Fd const client = socket::connect_stream(path);
    Fd const server{accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
    CHECK(socket::send(client, "pts", 3, 0));
    char text[8];
    auto const received = socket::receive(server, text, sizeof text);
    CHECK(received.size == 3);
    CHECK(received.fd.is_open());
  });
}

TEST_CASE("socket: a long path of a console socket") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const place = made_directory(scratch + "/" + std::string(150, 'l'));
    REQUIRE(chdir(place.c_str()) == 0);
    Fd const listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un const address{AF_UNIX, "console"};
    REQUIRE(bind(listener, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener, 1) == 0);
    CHECK(socket::connect_stream(place + "/console").is_open());
  });
}

TEST_CASE("socket: writing to a peer that is gone raises no signal") {
  harness::in_child([] {
    auto [one, other] = socket::seqpacket_pair();
    other.reset();
    CHECK_FALSE(socket::send(one, "x", 1));
    int streams[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, streams) == 0);
    Fd const stream{streams[0]};
    close(streams[1]);
    CHECK_FALSE(socket::send(stream, "x", 1));
  });
}
