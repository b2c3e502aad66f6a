#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/launch/destroy.hpp"

namespace orlop::command {

int delete_(Context const& context, Arguments const& arguments) {
  std::string const& id = arguments.words()[0];
  bool const force = arguments.has("force");
  std::string const root = context.root();
  container::check_id(id);
  if (force) container::remove_stale_claims(root, id);
  auto container = force ? container::ContainerDir::try_open(root, id) : container::ContainerDir::open(root, id);
  if (container) launch::remove_container(*container, force);
  return 0;
}

}  // namespace orlop::command
