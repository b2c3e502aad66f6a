#include "realtime.hpp"

#include "orlop/base/file.hpp"
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/user_namespace.hpp"

#include <cerrno>
#include <linux/capability.h>
#include <sched.h>

namespace orlop::launch {

namespace {

// Not what it says itself: a cgroup that goes away meanwhile must not hide the error that is to be explained.
bool has_no_share(std::string const& directory) {
  try {
    return trimmed(file::read(directory + "/cpu.rt_runtime_us")) == "0";
  } catch (Error const&) {
    return false;
  }
}

// Without it the kernel does not even look at the cgroup.
bool may_raise_priorities() {
  return kernel::is_in_initial_user_namespace() &&
         kernel::grantable_capabilities(0).permitted & kernel::CapabilitySet{1} << CAP_SYS_NICE;
}

}  // namespace

Error with_realtime_hint(Error error, plan::Process const& process, std::vector<std::string> const& cgroups) {
  auto const& wanted = process.scheduling;
  if (error.code() != EPERM || !error.call().starts_with("sched_setattr(") || !wanted) return error;
  if ((wanted->policy != SCHED_FIFO && wanted->policy != SCHED_RR) || !may_raise_priorities()) return error;
  for (auto const& directory : cgroups)
    if (has_no_share(directory))
      return std::move(error).with_hint(
          concat({"the cgroup ", directory, " has no processor time for real-time processes (cpu.rt_runtime_us is 0): "
                  "linux.resources.cpu.realtimeRuntime gives it some"}));
  return error;
}

}  // namespace orlop::launch
