#include "mount_source.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/launch/source.hpp"

#include <fcntl.h>
#include <sys/mount.h>

namespace orlop::launch {

namespace {

// "lowerdir=a:b" as one option a layer, which Linux 6.5 and newer take; each can be as long as one value of others.
// "\:" is a colon of a name there, and plain here. Empty: it is not only the list that is too long.
std::vector<kernel::FilesystemOption> layers_apart(std::vector<kernel::FilesystemOption> const& options) {
  std::vector<kernel::FilesystemOption> apart;
  for (auto const& option : options) {
    if (option.key != "lowerdir" || !option.has_value) {
      apart.push_back(option);
      continue;
    }
    kernel::FilesystemOption layer{"lowerdir+", "", true};
    std::string const& text = option.value;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        layer.value += text[++i];
      } else if (text[i] != ':') {
        layer.value += text[i];
      } else {
        if (i + 1 < text.size() && text[i + 1] == ':') ++i, apart.push_back(std::exchange(layer, {"datadir+", "", true}));
        else apart.push_back(std::exchange(layer, {layer.key, "", true}));
      }
    }
    apart.push_back(layer);
  }
  return apart;
}

// fsconfig's answer to a key that it does not know, or that has no such form.
bool is_unknown(Error const& error) { return error.code() == EINVAL; }

}  // namespace

Fd open_filesystem(plan::Mount const& mount, int target) {
  if (!kernel::needs_mount_call(mount.options))
    return kernel::new_filesystem(mount.type, mount.source, mount.options, mount.attributes);
  if (mount.type == "overlay") {
    auto const apart = layers_apart(mount.options);
    try {
      if (!kernel::needs_mount_call(apart)) return kernel::new_filesystem(mount.type, mount.source, apart, mount.attributes);
    } catch (Error const& error) {
      if (!is_unknown(error)) throw;
    }
  }
  return kernel::new_filesystem_by_mount_call(mount.type, mount.source, mount.options, mount.attributes, target);
}

namespace {

// But for a peer made private recursively: it is no copy of the container's own mount tree, and events of the host's peers
// would reach it.
Fd open_by_parent(plan::Mount const& mount) {
  bool const is_bind = mount.kind == plan::MountKind::bind;
  Fd tree = is_bind ? kernel::clone_tree(mount.source, mount.recursive, !mount.source_nofollow)
                    : kernel::new_filesystem(mount.type, mount.source, mount.options, mount.attributes);
  if (is_bind && !mount.is_peer) kernel::set_propagation(tree, MS_PRIVATE, true, mount.source);
  if (is_bind && !mount.attributes.is_empty()) kernel::set_attributes(tree, mount.attributes, false, mount.destination);
  if (!mount.id_map.is_empty()) kernel::map_ids(tree, mount.id_map, mount.source);
  return tree;
}

// As the child sees the path, with our right to reach it.
Fd open_source(Fd root, std::string const& path, bool follow) {
  return path::open_in({std::move(root), "/"}, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
}

}  // namespace

Fd answer_of_parent(plan::Plan const& plan, Heard& heard) {
  bool const is_root = heard.message.word == Word::open_source && heard.message.index == SourceOpener::root;
  if (is_root) {
    Doing const doing{"root", plan.rootfs.path};
    return open_source(std::move(heard.fd), plan.rootfs.path, true);
  }
  auto const& mount = plan.mounts.at(static_cast<std::size_t>(heard.message.index));
  Doing const doing{"mounts", mount.index, mount.destination};
  if (heard.message.word == Word::open_mount) return open_by_parent(mount);
  if (heard.message.word == Word::open_source) return open_source(std::move(heard.fd), mount.source, !mount.source_nofollow);
  kernel::map_ids(heard.fd, mount.id_map, mount.source);
  return {};
}

}  // namespace orlop::launch
