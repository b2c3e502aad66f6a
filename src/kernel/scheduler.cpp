#include "orlop/kernel/scheduler.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

// struct sched_attr as of Linux 3.14; glibc has none before 2.41.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(Attributes) == 48);

constexpr int who_process = 1;  // IOPRIO_WHO_PROCESS
constexpr unsigned class_shift = 13;

[[noreturn]] void fail_with_hint(char const* call, std::initializer_list<Argument> arguments) {
  Error error{errno, call_text(call, arguments)};
  if (error.code() != EPERM) throw error;
  throw std::move(error).with_hint("it is more than orlop's caller may have: CAP_SYS_NICE gives it");
}

}  // namespace

void set_scheduling(Scheduling const& wanted, pid_t process) {
  Attributes const attributes{sizeof(Attributes), wanted.policy,  wanted.flags,    wanted.nice,
                              wanted.priority,    wanted.runtime, wanted.deadline, wanted.period};
  if (syscall(SYS_sched_setattr, process, &attributes, 0) < 0)
    fail_with_hint("sched_setattr", {process, wanted.policy, wanted.flags, wanted.nice, wanted.priority, wanted.runtime,
                                     wanted.deadline, wanted.period});
}

void set_io_priority(IoPriority const& wanted, pid_t process) {
  if (syscall(SYS_ioprio_set, who_process, process, wanted.priority_class << class_shift | wanted.level) < 0)
    fail_with_hint("ioprio_set", {Word{"IOPRIO_WHO_PROCESS"}, process, wanted.priority_class, wanted.level});
}

}  // namespace orlop::kernel
