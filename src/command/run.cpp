#include "launch.hpp"

#include "orlop/base/log.hpp"
#include "orlop/launch/destroy.hpp"
#include "orlop/launch/supervise.hpp"

namespace orlop::command {

int run(Context const& context, Arguments const& arguments) {
  bool const detach = arguments.has("detach");
  Launch prepared = prepare_launch(context, arguments, detach ? TerminalUse::to_socket : TerminalUse::relayed);
  prepared.options.waits_for_start = false;
  launch::SignalGuard signals;
  launch::Creation creation{prepared.plan, prepared.source, prepared.options, signals,
                            std::move(prepared.spare)};
  creation.create();
  creation.run_poststart();
  creation.commit();
  log::release_warnings();
  if (detach) {
    creation.init().release();
    return 0;
  }
  int const code = launch::supervise(creation.init(), creation.take_terminal(), signals);
  if (!arguments.has("keep")) launch::destroy(creation.directory(), creation.record());
  return code;
}

}  // namespace orlop::command
