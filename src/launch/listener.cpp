#include "orlop/launch/listener.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/hook.hpp"

#include "oci/json.hpp"
#include "oci/state.hpp"

#include <ctime>
#include <pthread.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Courier::Courier(int channel) : channel_{channel} {
  pthread_t thread;
  if (int const code = pthread_create(&thread, nullptr, wait_and_carry, this)) fail(code, "pthread_create", {});
  pthread_detach(thread);
}

// Nobody can be woken without a system call: so one looks again and again, as often as a filter takes to be loaded.
void* Courier::wait_and_carry(void* courier) noexcept {
  auto& self = *static_cast<Courier*>(courier);
  constexpr timespec moment{0, 20'000};
  while (self.listener_.load(std::memory_order_acquire) < 0) nanosleep(&moment, nullptr);
  try {
    ask(self.channel_, Word::listener, self.listener_);
  } catch (Error const& error) {
    say_failure(self.channel_, error);
    _exit(1);
  } catch (std::exception const& error) {
    say_failure(self.channel_, Error{0, error.what()});
    _exit(1);
  }
  self.is_delivered_.store(true, std::memory_order_release);
  return nullptr;
}

void Courier::carry(int listener) noexcept {
  listener_.store(listener, std::memory_order_release);
  while (!is_delivered_.load(std::memory_order_acquire)) relax();
}

void deliver_listener(Fd listener, container::Record const& record, char const* status, pid_t pid) {
  if (!record.seccomp_listener) throw Error::refusal("a listener came that nobody waits for");
  Doing const doing{"linux.seccomp.listenerPath", record.seccomp_listener->path};
  oci::ContainerProcessState message;
  message.oci_version = record.oci_version;
  message.fds = {"seccompFd"};
  message.pid = pid;
  message.metadata = record.seccomp_listener->metadata;
  message.state = state_of(record, status);
  message.state.pid = record.init.pid;
  std::string const text = oci::print(message, oci::Style::compact);
  Fd const agent = socket::connect_stream(record.seccomp_listener->path);
  if (!socket::send(agent, text.data(), text.size(), listener)) throw Error::refusal("the agent has closed it");
  log::debug("the seccomp agent has the listener");
}

}  // namespace orlop::launch
