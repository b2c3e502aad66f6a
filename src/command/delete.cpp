#include "choice.hpp"

#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/launch/destroy.hpp"

namespace orlop::command {

namespace {

void delete_one(std::string const& root, std::string const& id, bool force) {
  container::check_id(id);
  if (force) container::remove_stale_claims(root, id);
  auto container = force ? container::ContainerDir::try_open(root, id) : container::ContainerDir::open(root, id);
  if (container) launch::remove_container(*container, force);
}

}  // namespace

int delete_(Context const& context, Arguments const& arguments) {
  std::string const root = context.root();
  for_each_chosen(context, arguments, [&](std::string const& id) { delete_one(root, id, arguments.has("force")); });
  return 0;
}

}  // namespace orlop::command
