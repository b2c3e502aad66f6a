#include "device_store.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/mount.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/channel.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>
#include <utility>

namespace orlop::launch {

namespace {

bool is_any_made_outside(std::vector<plan::Device> const& devices) {
  return std::any_of(devices.begin(), devices.end(), [](auto const& device) { return device.is_made_outside; });
}

// Root may be mapped to nobody: then the node is the host's root's, as those are that are bound in.
std::uint32_t outside(kernel::IdSpans const& map, std::uint32_t id, char const* member) {
  auto const found = kernel::id_outside(map, id);
  if (!found && id != 0) throw Error::refusal(concat({member, " ", id, " is not mapped in the user namespace"}));
  return found.value_or(0);
}

void make_node(Directory const& store, std::size_t index, plan::Device const& device, kernel::IdMaps const& maps) {
  Doing const doing{"device", device.path};
  auto node = device.node;
  node.uid = outside(maps.uids, node.uid, "uid");
  node.gid = outside(maps.gids, node.gid, "gid");
  kernel::make_device(store, std::to_string(index), node);
}

// While it is in our mount namespace its files can be cloned. It lies on the root, below which nobody looks by a path.
std::vector<Fd> clone_nodes(int store, plan::Plan const& plan) {
  std::vector<Fd> nodes(plan.devices.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!plan.devices[i].is_made_outside) continue;
    Fd const node{check(openat(store, std::to_string(i).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "openat", {plan.devices[i].path})};
    nodes[i] = kernel::clone_tree(node, plan.devices[i].path, false);
  }
  return nodes;
}

}  // namespace

Fd try_make_nodes(plan::Plan const& plan, pid_t init) {
  auto const maps = kernel::id_maps_of(init);
  Directory store{kernel::new_filesystem("tmpfs", "tmpfs", {{"mode", "0755", true}}, {}), "devices"};
  try {
    for (std::size_t i = 0; i < plan.devices.size(); ++i)
      if (plan.devices[i].is_made_outside) make_node(store, i, plan.devices[i], maps);
  } catch (Error const& error) {
    if (error.code() != EPERM) throw;
    return {};
  }
  return std::move(store.fd);
}

std::vector<Fd> nodes_made_outside(Directory const& root, plan::Plan const& plan, int channel) {
  if (!is_any_made_outside(plan.devices)) return {};
  Fd const store = ask_for(channel, Word::open_devices);
  if (!store.is_open()) return {};
  kernel::attach(store, root.fd, root.path);
  auto nodes = clone_nodes(store, plan);
  check(fchdir(store), "fchdir", {"devices"});
  check(umount2(".", MNT_DETACH), "umount2", {".", orlop::Word{"MNT_DETACH"}});
  check(chdir("/"), "chdir", {"/"});
  return nodes;
}

}  // namespace orlop::launch
