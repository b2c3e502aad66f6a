// A process under a filter that asks a listener (SCMP_ACT_NOTIFY) has the listener's descriptor, and must hand it on
// before its next system call: that one may wait for the listener's answer already. So a second thread, which is under
// no filter, carries it. Who hears the word `listener` gives the descriptor to the agent at linux.seccomp.listenerPath:
// config-linux.md, "The Container Process State"; seccomp_unotify(2).
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/container/record.hpp"

#include <atomic>
#include <sys/types.h>

namespace orlop::launch {

// The child's side. The thread waits from construction on, and ends with execve; if it fails, it says so on the channel
// and ends the process.
class Courier {
public:
  explicit Courier(int channel);
  Courier(Courier const&) = delete;
  Courier& operator=(Courier const&) = delete;
  // Returns when the agent has the descriptor. Makes no system call.
  void carry(int listener) noexcept;

private:
  static void* wait_and_carry(void* courier) noexcept;
  int channel_;
  std::atomic<int> listener_{-1};
  std::atomic<bool> is_delivered_{false};
};

// The other side. `status` of the container, `pid` of the process that is under the filter.
void deliver_listener(Fd listener, container::Record const& record, char const* status, pid_t pid);

}  // namespace orlop::launch
