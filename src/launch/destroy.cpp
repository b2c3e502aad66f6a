#include "orlop/launch/destroy.hpp"

#include "rdt_set.hpp"
#include "standstill.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/launch/cgroup_set.hpp"
#include "orlop/launch/hook.hpp"
#include "orlop/launch/process_list.hpp"
#include "orlop/launch/status.hpp"

#include <cerrno>
#include <csignal>

namespace orlop::launch {

namespace {

using container::ProcessIdentity;
using container::Status;
using container::try_hold;

constexpr int patience_ms = 10'000;

void kill_and_wait(ProcessIdentity const& process, container::Record const& record, char const* what) {
  auto const held = try_hold(process, record.boot_id);
  if (!held) return;
  int const code = process::try_signal(*held, SIGKILL);
  if (code && code != ESRCH) fail(code, "pidfd_send_signal", {process.pid, Word{"SIGKILL"}});
  thaw_after_kill(record.cgroups);
  if (!process::wait_for_end(*held, patience_ms))
    throw Error::refusal(concat({what, " (pid ", process.pid, ") does not die, 10 s after SIGKILL"}));
}

void refuse_unless(bool force, Status status, std::string const& id) {
  if (!force)
    throw Error::refusal(concat({"cannot delete container ", id, " that is not stopped: ", container::word(status)}));
}

[[noreturn]] void throw_stays(container::ContainerDir const& container) {
  throw Error::refusal(concat({container.directory().path, " could not be removed"}));
}

}  // namespace

void destroy(container::ContainerDir& container, container::Record const& record) {
  container.lock_changes();
  if (!container.has_record()) return;  // another command removed it and ran the hooks
  remove_cgroups(record);
  remove_rdt_groups(record.rdt_made);
  bool const is_gone = container.remove();
  // What still has its record is a container: it is removed, and its hooks are run, by the next delete.
  if (is_gone || !container.has_record()) run_poststop(record);
  if (!is_gone) throw_stays(container);
}

void stop_container(container::Record const& record) { kill_and_wait(record.init, record, "the container's init"); }

void remove_container(container::ContainerDir& container, bool force) {
  container.lock_changes();
  if (!container.has_record()) {
    if (!container.remove()) throw_stays(container);
    if (force) return;
    throw Error::refusal("container does not exist");
  }
  auto record = container.read_record();
  Status const status = launch::status_of(container, record);
  if (status == Status::running || status == Status::paused) refuse_unless(force, status, record.id);
  if (status == Status::creating) {
    refuse_unless(force, status, record.id);
    kill_and_wait(record.maker, record, "the orlop that creates the container");
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
  bool told = false;
  if (signal == SIGKILL)
    for (auto const& directory : record.cgroups) told |= kernel::try_kill_at_once(directory);
  if (!told) {
    Standstill const standstill{record.cgroups};
    for (pid_t const pid : processes_in(record.cgroups)) kill(pid, signal);
  }
  if (signal == SIGKILL) thaw_after_kill(record.cgroups);
}

void signal_container(container::ContainerDir const& container, int signal) {
  auto const record = container.read_record();
  auto const held = try_hold(record.init, record.boot_id);
  int const code = held ? process::try_signal(*held, signal) : ESRCH;
  if (code == ESRCH) throw Error::refusal("container not running");
  if (code) fail(code, "pidfd_send_signal", {record.init.pid, signal});
  if (signal == SIGKILL) thaw_after_kill(record.cgroups);
}

}  // namespace orlop::launch
