#include "orlop/launch/notify.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/base/text.hpp"
#include "orlop/plan/plan.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

static_assert(std::string_view{container::notify_name} == plan::notify_name);

constexpr int patience_ms = 30'000;  // for a manager that does not know BARRIER=1

// What a container may not say: the pids are others outside, and descriptors are not handed on.
constexpr std::string_view not_handed_on[] = {"MAINPID", "BARRIER", "FDSTORE", "FDNAME", "FDPOLL", "MONOTONIC_USEC"};

bool is_handed_on(std::string_view line) {
  return !line.empty() && std::none_of(std::begin(not_handed_on), std::end(not_handed_on),
                                       [&](std::string_view word) { return line.starts_with(word); });
}

}  // namespace

std::string notify_socket() {
  char const* const path = getenv("NOTIFY_SOCKET");
  if (!path || !*path) return {};
  if (*path == '/' || *path == '@') return path;
  log::warning(concat({"NOTIFY_SOCKET is ", json_quoted(path), ", which is not handed on to the container"}));
  return {};
}

std::optional<Notifier> Notifier::try_make(container::ContainerDir const& container) {
  std::string manager = notify_socket();
  if (manager.empty()) return std::nullopt;
  Doing const doing{"notify socket"};
  Directory const& own = container.directory();
  Fd const directory{openat(own.fd, container::notify_directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!directory.is_open()) return std::nullopt;
  std::string const shown = concat({own.path, "/", container::notify_directory});
  unlinkat(directory, container::notify_name, 0);
  Fd inside = socket::bind_datagram_at(directory, shown, container::notify_name);
  // Any user of the container may speak.
  check(fchmodat(directory, container::notify_name, 0777, 0), "fchmodat", {shown});
  return Notifier{std::move(inside), std::move(manager)};
}

void Notifier::tell(std::string const& text, int fd) const {
  try {
    socket::send_datagram(manager_, text, fd);
  } catch (Error const& error) {
    log::warning(concat({"NOTIFY_SOCKET: ", error.what()}));
  }
}

bool Notifier::hand_on(pid_t init) {
  char buffer[4096];
  auto const size = retry([&] { return recv(inside_, buffer, sizeof buffer, MSG_DONTWAIT); });
  if (size < 0) return false;
  std::string text;
  bool is_ready = false;
  for (auto const line : split({buffer, static_cast<std::size_t>(size)}, '\n')) {
    if (!is_handed_on(line)) continue;
    is_ready |= line == "READY=1";
    text += concat({line, "\n"});
  }
  if (is_ready) text += concat({"MAINPID=", init, "\n"});
  if (!text.empty()) tell(text);
  return is_ready;
}

void Notifier::wait_until_ready(pid_t pid, int init, int interruption) {
  for (;;) {
    pollfd waiting[] = {{inside_, POLLIN, 0}, {init, POLLIN, 0}, {interruption, POLLIN, 0}};
    check(retry([&] { return poll(waiting, 3, -1); }), "poll");
    if (waiting[0].revents && hand_on(pid)) return wait_until_heard();
    if (waiting[2].revents || (waiting[1].revents && !waiting[0].revents)) return;
  }
}

// The manager closes the descriptor when it has read all before: sd_notify_barrier(3).
void Notifier::wait_until_heard() const {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  Fd const reading{ends[0]};
  Fd writing{ends[1]};
  tell("BARRIER=1", writing);
  writing.reset();
  pollfd waiting{reading, 0, 0};
  check(retry([&] { return poll(&waiting, 1, patience_ms); }), "poll");
}

}  // namespace orlop::launch
