#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/launch/status.hpp"

namespace orlop::command {

int pause(Context const& context, Arguments const& arguments) {
  launch::pause(container::ContainerDir::open(context.root(), arguments.words()[0]));
  return 0;
}

int resume(Context const& context, Arguments const& arguments) {
  launch::resume(container::ContainerDir::open(context.root(), arguments.words()[0]));
  return 0;
}

}  // namespace orlop::command
