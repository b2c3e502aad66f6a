#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/launch/status.hpp"

#include "oci/json.hpp"

namespace orlop::command {

int state(Context const& context, Arguments const& arguments) {
  auto const container = container::ContainerDir::open(context.root(), arguments.words()[0]);
  print(oci::print(launch::report_of(container), oci::Style::pretty) + "\n");
  return 0;
}

}  // namespace orlop::command
