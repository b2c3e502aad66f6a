#include "launch.hpp"

#include "orlop/base/log.hpp"
#include "orlop/launch/destroy.hpp"
#include "orlop/launch/supervise.hpp"

namespace orlop::command {

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
  if (!arguments.has("keep")) launch::destroy(creation.directory(), creation.record());
  return code;
}

}  // namespace orlop::command
