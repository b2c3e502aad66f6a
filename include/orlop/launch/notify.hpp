// sd_notify(3) for what runs in a container. The service manager hears only its own processes: so the container gets a
// socket of ours, in a directory of its own, and orlop hands on what comes there, for as long as it runs; `start` and a
// detached `run` wait until the container is ready, or gone. Variables: NOTIFY_SOCKET.
#pragma once
#include "orlop/container/container_dir.hpp"

#include <optional>
#include <string>

namespace orlop::launch {

// What orlop itself was given; empty: nothing that can be handed on.
std::string notify_socket();

class Notifier {
public:
  // Where the container has the directory, and the caller a service manager.
  static std::optional<Notifier> try_make(container::ContainerDir const& container);
  // Readable when there is something to hand on.
  int fd() const { return inside_; }
  // Hands on one message; true: the container is ready, and the manager was told which process is its main one.
  bool hand_on(pid_t init);
  // Returns when the container is ready or has ended, and the manager has read it: we may be gone then. Or when there is
  // something to read at `interruption`. `init`: a pidfd.
  void wait_until_ready(pid_t pid, int init, int interruption = -1);

private:
  Notifier(Fd inside, std::string manager) : inside_{std::move(inside)}, manager_{std::move(manager)} {}
  void tell(std::string const& text, int fd = -1) const;
  void wait_until_heard() const;
  Fd inside_;
  std::string manager_;
};

}  // namespace orlop::launch
