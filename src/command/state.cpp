#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/status.hpp"
#include "orlop/launch/status.hpp"

#include "oci/json.hpp"

namespace orlop::command {

int state(Context const& context, Arguments const& arguments) {
  auto const container = container::ContainerDir::open(context.root(), arguments.words()[0]);
  auto const record = container.read_record();
  auto const report = container::report(record, launch::status_of(container, record));
  print(oci::print(report, oci::Style::pretty) + "\n");
  return 0;
}

}  // namespace orlop::command
