#include "orlop/container/status.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"
#include "orlop/container/gate.hpp"

#include <linux/magic.h>
#include <sys/statfs.h>

namespace {

using orlop::container::StateReport;

constexpr auto state_report = oci::table<StateReport>(
    oci::always<&StateReport::oci_version>("ociVersion"),
    oci::always<&StateReport::id>("id"),
    oci::always<&StateReport::pid>("pid"),
    oci::always<&StateReport::status>("status"),
    oci::always<&StateReport::bundle>("bundle"),
    oci::always<&StateReport::rootfs>("rootfs"),
    oci::always<&StateReport::created>("created"),
    oci::optional<&StateReport::annotations>("annotations"),
    oci::always<&StateReport::owner>("owner"));

std::string const& current_boot_id() {
  // `list` asks once a container.
  static std::string const id{orlop::trimmed(orlop::file::read("/proc/sys/kernel/random/boot_id"))};
  return id;
}

}  // namespace

template <>
oci::Type const oci::Object<StateReport>::type = oci::object_type(state_report);

namespace orlop::container {

char const* word(Status status) {
  switch (status) {
    case Status::creating: return "creating";
    case Status::created: return "created";
    case Status::running: return "running";
    case Status::paused: return "paused";
    case Status::stopped: return "stopped";
  }
  return "stopped";
}

std::string boot_id_for(std::string const& state_root) {
  struct statfs status;
  bool const is_known = statfs(state_root.c_str(), &status) == 0;  // the first container makes the directory
  return is_known && (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC) ? "" : current_boot_id();
}

ProcessIdentity identify(pid_t pid) {
  auto const found = process::try_identity(pid);
  return {pid, found ? found->start_time : 0};
}

bool is_alive(ProcessIdentity const& process, std::string const& boot_id) {
  if (process.pid <= 0) return false;
  auto const now = process::try_identity(process.pid);
  return now && now->is_alive() && now->start_time == process.start_time &&
         (boot_id.empty() || boot_id == current_boot_id());
}

std::optional<Fd> try_hold(ProcessIdentity const& process, std::string const& boot_id) {
  if (process.pid <= 0) return std::nullopt;
  auto pidfd = process::try_pidfd(process.pid);
  if (!is_alive(process, boot_id)) return std::nullopt;
  if (!pidfd || !process::is_proc_ours())
    throw Error::refusal(concat({"process ", process.pid, " is there and out of reach: /proc shows another pid namespace than the "
                                 "one that we are in, as it does to a hook in the container's namespaces"}));
  return pidfd;
}

Status status_of(ContainerDir const& container, Record const& record) {
  if (record.phase == Phase::creating) {
    if (is_alive(record.maker, record.boot_id)) return Status::creating;
    // It has ended between our two looks, and its last word came before that.
    Record const last = container.read_record();
    if (last.phase != Phase::creating) return status_of(container, last);
  }
  // A maker killed right behind its init's execve (run) has not written the last word: the process itself has it.
  if (!is_alive(record.init, record.boot_id)) return Status::stopped;
  return try_knock(container) ? Status::created : Status::running;
}

StateReport report(Record const& record, Status status) {
  StateReport state;
  state.oci_version = record.oci_version;
  state.id = record.id;
  // While it is being created as well: a hook asks for the init that it is run for.
  state.pid = status == Status::stopped ? 0 : record.init.pid;
  state.status = word(status);
  state.bundle = record.bundle;
  state.rootfs = record.rootfs;
  state.created = record.created;
  state.annotations = record.annotations;
  return state;
}

}  // namespace orlop::container
