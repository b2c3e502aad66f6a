// Resource limits: getrlimit(2). The table is the kernel's, in its order.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/resource.h>
#include <sys/types.h>

namespace orlop::kernel {

struct Rlimit {
  int resource = 0;
  std::uint64_t soft = 0, hard = 0;  // RLIM_INFINITY: no limit
  bool operator==(Rlimit const&) const = default;
};

struct RlimitName {
  std::string_view name;
  int resource;
};
inline constexpr RlimitName rlimit_names[] = {
    {"RLIMIT_CPU", RLIMIT_CPU},         {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_NOFILE", RLIMIT_NOFILE},     {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
};

constexpr std::optional<int> rlimit_of(std::string_view name) {
  for (auto const& row : rlimit_names)
    if (row.name == name) return row.resource;
  return std::nullopt;
}

// EPERM: raising a hard limit needs CAP_SYS_RESOURCE.
void set_rlimit(Rlimit const& limit);
// The hard limit of another process, as far as it is below; the soft one stays. Where it cannot be raised nothing
// happens, and set_rlimit over there says why.
void raise_hard_limit(pid_t pid, Rlimit const& limit) noexcept;

}  // namespace orlop::kernel
