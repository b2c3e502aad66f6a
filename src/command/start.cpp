#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/launch/start.hpp"

namespace orlop::command {

int start(Context const& context, Arguments const& arguments) {
  launch::start(container::ContainerDir::open(context.root(), arguments.words()[0]));
  return 0;
}

}  // namespace orlop::command
