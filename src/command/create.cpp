#include "launch.hpp"

namespace orlop::command {

int create(Context const& context, Arguments const& arguments) {
  Launch prepared = prepare_launch(context, arguments, TerminalUse::to_socket, false);
  launch::SignalGuard signals;
  launch::Creation creation{prepared.plan, prepared.source, prepared.options, signals,
                            std::move(prepared.spare)};
  creation.create();
  creation.commit();
  creation.init().release();
  return 0;
}

}  // namespace orlop::command
