#include "seccomp_answer.hpp"

#include "section.hpp"

#include "orlop/base/text.hpp"

#include <cerrno>
#include <linux/seccomp.h>

namespace orlop::plan {

namespace {

constexpr std::uint32_t largest_errno = 4095, largest_data = 0xffff;  // MAX_ERRNO, SECCOMP_RET_DATA

std::uint32_t action_in(std::uint32_t answer) { return answer & SECCOMP_RET_ACTION_FULL; }

}  // namespace

std::uint32_t answer_of(oci::SeccompAction action, std::optional<std::uint32_t> data, std::string const& place) {
  using Action = oci::SeccompAction;
  bool const has_data = action == Action::errno_ || action == Action::trace;
  if (data && !has_data) throw Refusal{place, concat({oci::word(action), " has no errno"})};
  std::uint32_t const most = action == Action::errno_ ? largest_errno : largest_data;
  if (data && *data > most) throw Refusal{place, concat({*data, " is above ", most})};
  switch (action) {
    case Action::kill:
    case Action::kill_thread: return SECCOMP_RET_KILL_THREAD;
    case Action::kill_process: return SECCOMP_RET_KILL_PROCESS;
    case Action::trap: return SECCOMP_RET_TRAP;
    case Action::errno_: return SECCOMP_RET_ERRNO | data.value_or(EPERM);
    case Action::trace: return SECCOMP_RET_TRACE | data.value_or(EPERM);
    case Action::allow: return SECCOMP_RET_ALLOW;
    case Action::log: return SECCOMP_RET_LOG;
    case Action::notify: return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

// The order of the kernel, signed.
bool is_stricter(std::uint32_t one, std::uint32_t other) {
  return static_cast<std::int32_t>(action_in(one)) < static_cast<std::int32_t>(action_in(other));
}

bool is_refusal(std::uint32_t answer) { return !is_stricter(SECCOMP_RET_ERRNO, answer); }

}  // namespace orlop::plan
