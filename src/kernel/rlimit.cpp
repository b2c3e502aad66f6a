#include "orlop/kernel/rlimit.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>

namespace orlop::kernel {

namespace {

std::string_view name_of(int resource) {
  for (auto const& row : rlimit_names)
    if (row.resource == resource) return row.name;
  return "RLIMIT_?";
}

}  // namespace

void set_rlimit(Rlimit const& limit) {
  rlimit const wanted{limit.soft, limit.hard};
  if (setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &wanted) == 0) return;
  Error error{errno, call_text("setrlimit", {Word{name_of(limit.resource)}, limit.soft, limit.hard})};
  if (error.code() != EPERM) throw error;
  throw std::move(error).with_hint("the hard limit is above orlop's own, and raising it needs CAP_SYS_RESOURCE");
}

void raise_hard_limit(pid_t pid, Rlimit const& limit) noexcept {
  auto const resource = static_cast<__rlimit_resource>(limit.resource);
  rlimit now{};
  if (prlimit(pid, resource, nullptr, &now) < 0 || now.rlim_max >= limit.hard) return;
  now.rlim_max = limit.hard;
  prlimit(pid, resource, &now, nullptr);
}

}  // namespace orlop::kernel
