#include "orlop/launch/destroy.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/container/status.hpp"
#include "orlop/launch/cgroup_set.hpp"
#include "orlop/launch/hook.hpp"

#include <cerrno>
#include <csignal>

namespace orlop::launch {

namespace {

using container::ProcessIdentity;
using container::Status;
using container::try_hold;

constexpr int patience_ms = 10'000;

void kill_and_wait(ProcessIdentity const& process, std::string const& boot_id, char const* what) {
  auto const held = try_hold(process, boot_id);
  if (!held) return;
  int const code = process::try_signal(*held, SIGKILL);
  if (code && code != ESRCH) fail(code, "pidfd_send_signal", {process.pid, Word{"SIGKILL"}});
  if (!process::wait_for_end(*held, patience_ms))
    throw Error::refusal(concat({what, " (pid ", process.pid, ") does not die, 10 s after SIGKILL"}));
}

void refuse_unless(bool force, Status status, std::string const& id) {
  if (!force)
    throw Error::refusal(concat({"cannot delete container ", id, " that is not stopped: ", container::word(status)}));
}

}  // namespace

void destroy(container::ContainerDir& container, container::Record const& record) {
  remove_cgroups(record.cgroups);
  container.remove();
  run_poststop(record);
}

void stop_container(container::Record const& record) { kill_and_wait(record.init, record.boot_id, "the container's init"); }

void remove_container(container::ContainerDir& container, bool force) {
  if (!container.has_record()) {
    container.remove();
    if (force) return;
    throw Error::refusal("container does not exist");
  }
  auto record = container.read_record();
  Status const status = container::status_of(container, record);
  if (status == Status::running) refuse_unless(force, status, record.id);
  if (status == Status::creating) {
    refuse_unless(force, status, record.id);
    kill_and_wait(record.maker, record.boot_id, "the orlop that creates the container");
    record = container.read_record();  // it may have come further while we looked
  }
  stop_container(record);
  destroy(container, record);
}

void signal_all(container::ContainerDir const& container, int signal) {
  auto const record = container.read_record();
  // In a cgroup that was there before the container, its processes cannot be told from others': only init is known.
  if (record.cgroups.empty())
    if (auto const held = try_hold(record.init, record.boot_id)) process::try_signal(*held, signal);
  for (auto const& directory : record.cgroups) {
    if (signal == SIGKILL) {
      kernel::kill_cgroup(directory);
      continue;
    }
    auto const pids = kernel::cgroup_processes(directory);
    for (pid_t const pid : pids) kill(pid, signal);
    if (!pids.empty()) return;  // every hierarchy has the same processes
  }
}

void signal_container(container::ContainerDir const& container, int signal) {
  auto const record = container.read_record();
  auto const held = try_hold(record.init, record.boot_id);
  int const code = held ? process::try_signal(*held, signal) : ESRCH;
  if (code == ESRCH) throw Error::refusal("container not running");
  if (code) fail(code, "pidfd_send_signal", {record.init.pid, signal});
}

}  // namespace orlop::launch
