// What a container is doing, found out from the processes themselves: nobody has to keep it up to date.
#pragma once
#include "orlop/container/container_dir.hpp"
#include "orlop/container/record.hpp"

#include "oci/spec.hpp"

#include "orlop/base/fd.hpp"

#include <optional>
#include <string>

namespace orlop::container {

enum class Status { creating, created, running, paused, stopped };
char const* word(Status status);

// Never `paused`: the cgroup knows that, and launch/status asks it.
Status status_of(ContainerDir const& container, Record const& record);
// The record's process still lives, in this boot; `boot_id` is the record's.
bool is_alive(ProcessIdentity const& process, std::string const& boot_id);
// A descriptor of exactly that process: opened first, identified after, so that a reused pid cannot slip in between. An
// Error if it lives, and has no number, or another one, in our pid namespace.
std::optional<Fd> try_hold(ProcessIdentity const& process, std::string const& boot_id);
// What tells this boot from another one in a record below that directory: "" where it is on a tmpfs, of which nothing
// outlives a boot.
std::string boot_id_for(std::string const& state_root);
// Our own process, or another living one; a dead one is {pid, 0}.
ProcessIdentity identify(pid_t pid);

// What `orlop state` prints: runtime.md, "State", with runc's additions. Hooks read oci::State.
struct StateReport {
  std::string oci_version;
  std::string id;
  std::int32_t pid = 0;  // 0 when stopped
  std::string status;
  std::string bundle;
  std::string rootfs;
  std::string created;
  oci::StringMap annotations;
  std::string owner;
};
StateReport report(Record const& record, Status status);

}  // namespace orlop::container

template <>
oci::Type const oci::Object<orlop::container::StateReport>::type;
