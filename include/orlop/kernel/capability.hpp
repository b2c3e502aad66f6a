// Capabilities as sets of bits: capabilities(7), capset(2), prctl(2). The table is <linux/capability.h>'s.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace orlop::kernel {

using CapabilitySet = std::uint64_t;

inline constexpr std::string_view capability_names[] = {
    "CAP_CHOWN",           "CAP_DAC_OVERRIDE",     "CAP_DAC_READ_SEARCH", "CAP_FOWNER",         "CAP_FSETID",
    "CAP_KILL",            "CAP_SETGID",           "CAP_SETUID",          "CAP_SETPCAP",        "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",   "CAP_NET_ADMIN",       "CAP_NET_RAW",        "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",       "CAP_SYS_MODULE",       "CAP_SYS_RAWIO",       "CAP_SYS_CHROOT",     "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",       "CAP_SYS_ADMIN",        "CAP_SYS_BOOT",        "CAP_SYS_NICE",       "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",        "CAP_SYS_TTY_CONFIG",   "CAP_MKNOD",           "CAP_LEASE",          "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",   "CAP_SETFCAP",          "CAP_MAC_OVERRIDE",    "CAP_MAC_ADMIN",      "CAP_SYSLOG",
    "CAP_WAKE_ALARM",      "CAP_BLOCK_SUSPEND",    "CAP_AUDIT_READ",      "CAP_PERFMON",        "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
inline constexpr unsigned capability_count = sizeof capability_names / sizeof *capability_names;

// nullopt: no capability of that name in this table.
constexpr std::optional<unsigned> capability_of(std::string_view name) {
  for (unsigned i = 0; i < capability_count; ++i)
    if (capability_names[i] == name) return i;
  return std::nullopt;
}

struct Capabilities {
  CapabilitySet bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
  bool operator==(Capabilities const&) const = default;
};

// What this process may hand on: its permitted set, and what its bounding set has of the ones that are asked for.
struct Grantable {
  CapabilitySet permitted = 0;
  CapabilitySet bounding = 0;
};
Grantable grantable_capabilities(CapabilitySet asked);

// Drops what is not in the set, and what this table has no name for. Needs CAP_SETPCAP.
void limit_bounding_set(CapabilitySet kept);
// capset, then the ambient set (which must be within permitted and inheritable).
void set_capabilities(Capabilities const& wanted);

}  // namespace orlop::kernel
