#include "launch.hpp"

#include "orlop/base/log.hpp"
#include "orlop/kernel/cgroup_setting.hpp"
#include "orlop/launch/destroy.hpp"
#include "orlop/launch/supervise.hpp"

#include <algorithm>
#include <csignal>

namespace orlop::command {

namespace {

// A program that was given too little to be loaded with cannot say so itself.
void tell_of_want(int code, container::Record const& record) {
  if (code != 128 + SIGKILL) return;
  auto const& all = record.all_cgroups.empty() ? record.cgroups : record.all_cgroups;
  if (std::any_of(all.begin(), all.end(), [](auto const& one) { return kernel::oom_kills(one) > 0; }))
    log::warning("the kernel has killed in the container for want of memory: see linux.resources.memory.limit");
}

}  // namespace

int run(Context const& context, Arguments const& arguments) {
  bool const detach = arguments.has("detach");
  Launch prepared = prepare_launch(context, arguments, detach ? TerminalUse::to_socket : TerminalUse::relayed, true);
  launch::SignalGuard signals;
  launch::Creation creation{prepared.plan, prepared.source, prepared.options, signals,
                            std::move(prepared.spare)};
  creation.create();
  auto& notifier = creation.notifier();
  if (detach && notifier) {
    notifier->wait_until_ready(creation.init().pid(), creation.init().pidfd(), signals.interruption());
    signals.check_interruption("the container was ready");
  }
  creation.run_poststart();
  creation.commit();
  log::release_warnings();
  if (detach) {
    creation.init().release();
    return 0;
  }
  int const code = launch::supervise(creation.init(), creation.take_terminal(), signals, std::move(notifier));
  tell_of_want(code, creation.record());
  if (!arguments.has("keep")) launch::destroy(creation.directory(), creation.record());
  return code;
}

}  // namespace orlop::command
