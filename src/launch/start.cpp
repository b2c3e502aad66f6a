#include "orlop/launch/start.hpp"

#include "orlop/base/error.hpp"
#include "orlop/container/gate.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/destroy.hpp"
#include "orlop/launch/hook.hpp"
#include "orlop/launch/last_words.hpp"
#include "orlop/launch/listener.hpp"
#include "orlop/launch/notify.hpp"
#include "orlop/launch/status.hpp"

namespace orlop::launch {

namespace {

[[noreturn]] void refuse(container::Status status) {
  switch (status) {
    case container::Status::running: throw Error::refusal("cannot start an already running container");
    case container::Status::creating: throw Error::refusal("cannot start a container that is being created");
    case container::Status::paused: throw Error::refusal("cannot start a paused container: resume it first");
    default: throw Error::refusal("cannot start a container that has stopped");
  }
}

}  // namespace

void start(container::ContainerDir container) {
  auto const record = container.read_record();
  auto const status = launch::status_of(container, record);
  if (status != container::Status::created) refuse(status);
  auto notifier = Notifier::try_make(container);
  // Held while it waits for us: a program that ends at once has still said what it had to say.
  auto const init = notifier ? container::try_hold(record.init, record.boot_id) : std::nullopt;
  auto const gate = container::try_knock(container);
  if (!gate || !say(*gate, Word::go)) refuse(launch::status_of(container, record));
  Heard heard = hear(*gate);
  if (heard.message.word == Word::failed) throw error_of(heard.message).within(Doing::trail());
  // Another start was served before us: the gate closed while we waited in its queue.
  if (heard.message.word != Word::executing) refuse(launch::status_of(container, record));
  Fd const last_words = std::move(heard.fd);
  Heard last = hear(*gate);
  if (last.message.word == Word::listener) {
    deliver_listener(std::move(last.fd), record, "created", record.init.pid);
    say(*gate, Word::done);
    last = hear(*gate);
  }
  if (last.message.word == Word::failed) throw error_of(last.message).within(Doing::trail());
  hear_last_words(last_words);
  container::remove_gate(container);
  if (init) notifier->wait_until_ready(record.init.pid, *init);
  try {
    run_poststart(record);
  } catch (Error const&) {
    stop_container(record);
    destroy(container, record);  // step 9 of the lifecycle (runtime.md) goes on at 12
    throw;
  }
}

}  // namespace orlop::launch
