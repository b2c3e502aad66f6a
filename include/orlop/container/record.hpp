// state.json: what must outlive the command that made a container. Written twice: before anything is made outside
// (phase creating: what is about to be made, and by whom), and when init is ready. Every later version reads schema 1.
#pragma once
#include "oci/members.hpp"
#include "oci/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orlop::container {

enum class Phase : std::uint8_t { creating, created };

// A process that cannot be mistaken for a later one with its number: proc_pid_stat(5), field starttime.
struct ProcessIdentity {
  std::int32_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot
  bool operator==(ProcessIdentity const&) const = default;
};

// The agent that gets the listener of each process that is put under the container's filter.
struct SeccompListener {
  std::string path, metadata;
  bool operator==(SeccompListener const&) const = default;
};

struct Record {
  std::uint32_t schema = 1;
  std::string id;
  std::string oci_version;
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339, UTC
  std::uint32_t owner = 0;
  std::string boot_id;  // boot_id_for
  Phase phase = Phase::creating;
  ProcessIdentity maker;  // the command that creates the container
  ProcessIdentity init;   // pid 0 until there is one
  std::string cgroup_driver;
  std::vector<std::string> cgroups;  // directories on the host, ours to remove
  std::vector<std::string> all_cgroups;  // the directories that its processes are in, ours to remove or not
  std::string unit;        // the systemd unit that they are of, ours to stop; empty: none
  bool unit_is_users = false;  // of the user's own systemd
  std::vector<std::string> rdt_groups;  // the directories of resctrl that its processes are in, the outer one first
  std::vector<std::string> rdt_made;    // those that go with it
  oci::StringMap annotations;
  std::optional<oci::Hooks> hooks;   // poststart and poststop, as planned at create: later commands run them
  std::optional<SeccompListener> seccomp_listener;
  bool operator==(Record const&) const = default;
};

}  // namespace orlop::container

template <>
oci::Type const oci::Object<orlop::container::ProcessIdentity>::type;
template <>
oci::Type const oci::Object<orlop::container::SeccompListener>::type;
template <>
oci::Type const oci::Object<orlop::container::Record>::type;
template <>
oci::Vocabulary const& oci::vocabulary<orlop::container::Phase>() noexcept;
