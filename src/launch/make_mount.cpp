#include "make_mount.hpp"

#include "cgroup_mount.hpp"
#include "finish_mount.hpp"
#include "host_bind.hpp"
#include "mount_source.hpp"
#include "mount_target.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/copy_up.hpp"
#include "orlop/kernel/label.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/rootfs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace orlop::launch {

namespace {

// An image whose /proc or /sys is a symlink sends the mount elsewhere, and everything that is written below it.
Fd ordinary_target(Directory const& root, plan::Mount const& mount) {
  auto found = path::try_open_in(root, mount.destination, O_PATH | O_NOFOLLOW);
  mode_t const kind = found ? file::kind_of(*found, mount.destination) : 0;
  if (kind == S_IFLNK)
    throw Error::refusal(concat({mount.type, " must be mounted on an ordinary directory, and ", mount.destination,
                                 " is a symbolic link"}));
  return kind == S_IFDIR ? std::move(*found) : mount_target(root, mount, true);
}

// Our own, or the host's where a user namespace has no right to a new one.
Fd open_or_borrow(plan::Mount const& mount, int target, plan::Namespaces const& namespaces) {
  try {
    return open_filesystem(mount, target);
  } catch (Error& error) {
    if (error.code() != EPERM) throw;
    Fd hosts = try_clone_of_host(mount, namespaces);
    if (!hosts.is_open()) throw std::move(error).with_hint(hint_of_missing_right(mount, namespaces));
    return hosts;
  }
}

Fd clone_source(Opener const& opener, plan::Mount const& mount, std::int32_t place) {
  Fd tree = opener.sources.clone(mount.source, mount.recursive, !mount.source_nofollow, place);
  if (!mount.attributes.is_empty()) kernel::set_attributes(tree, mount.attributes, false, mount.destination);
  return tree;
}

// By the parent. In a user namespace it only maps the ids of what we have made ourselves: what it would make is not
// locked as our own copy of the host's mounts is.
Fd open_with_map(Opener const& opener, plan::Mount const& mount, int target, std::int32_t place) {
  if (!opener.plan.user_namespace) return ask_for(opener.channel, Word::open_mount, -1, place);
  bool const is_bind = mount.kind == plan::MountKind::bind;
  Fd tree = is_bind ? clone_source(opener, mount, place) : open_filesystem(mount, target);
  ask(opener.channel, Word::map_mount, tree, place);
  return tree;
}

// What is mounted on the root is the root from then on: a descriptor of what lies below would not see it.
void finish_on(Directory& root, Fd tree, plan::Mount const& mount) {
  finish_mount(tree, mount);
  if (mount.destination == "/") root.fd = std::move(tree);
}

void mount_filesystem(Directory& root, Opener const& opener, plan::Mount const& mount, std::int32_t place) {
  auto const mode = mode_below(root, mount);
  Fd const target = target_of(root, mount);
  Fd made = mount.copy_up || mode ? open_over(mount, mode, target) : open_filesystem(opener, mount, place, target);
  kernel::attach(made, target, mount.destination);
  if (!mount.label.empty()) kernel::set_selinux_file_label(made, mount.label);
  finish_on(root, std::move(made), mount);
}

void mount_bind(Directory& root, Opener const& opener, plan::Mount const& mount, std::int32_t place) {
  if (mount.copy_symlink && copy_symlink(root, mount)) return;
  Fd tree = open_bind(opener, mount, place);
  kernel::attach(tree, target_of(root, mount, tree), mount.destination);
  finish_on(root, std::move(tree), mount);
}

// Only what the options name changes, as mount(8) does it.
void remount(Directory const& root, plan::Mount const& mount) {
  int const nofollow = mount.destination_nofollow ? O_NOFOLLOW : 0;
  Fd const target = path::open_in(root, mount.destination, O_PATH | nofollow);
  if (mount.kind == plan::MountKind::remount_filesystem) kernel::reconfigure(target, mount.options, mount.destination);
  if (!mount.attributes.is_empty()) kernel::set_attributes(target, mount.attributes, false, mount.destination);
  finish_mount(target, mount);
}

}  // namespace

std::optional<mode_t> mode_below(Directory const& root, plan::Mount const& mount) {
  if (!mount.takes_mode) return std::nullopt;
  auto const found = path::try_open_in(root, mount.destination, O_PATH | O_DIRECTORY);
  if (!found) return std::nullopt;
  struct stat status;
  check(fstat(*found, &status), "fstat", {mount.destination});
  return status.st_mode & 07777;
}

namespace {

Fd open_with_mode(plan::Mount mount, mode_t mode, int target) {
  mount.options.push_back({"mode", octal(mode), true});
  return open_filesystem(mount, target);
}

}  // namespace

Fd open_over(plan::Mount const& mount, std::optional<mode_t> mode, int target) {
  if (mode) return open_with_mode(mount, *mode, target);
  // Filled before it can become read-only.
  Fd made = kernel::new_filesystem(mount.type, mount.source, mount.options, {});
  kernel::copy_tree(target, made, mount.destination);
  if (!mount.attributes.is_empty()) kernel::set_attributes(made, mount.attributes, false, mount.destination);
  return made;
}

Fd open_filesystem(Opener const& opener, plan::Mount const& mount, std::int32_t place, int target) {
  return mount.id_map.is_empty() ? open_or_borrow(mount, target, opener.plan.namespaces)
                                 : open_with_map(opener, mount, target, place);
}

// Our own mount namespace is a slave of the host's: a peer of the host's mount has to come from there.
Fd open_bind(Opener const& opener, plan::Mount const& mount, std::int32_t place) {
  if (mount.is_peer) return ask_for(opener.channel, Word::open_mount, -1, place);
  return mount.id_map.is_empty() ? clone_source(opener, mount, place) : open_with_map(opener, mount, -1, place);
}

Fd target_of(Directory const& root, plan::Mount const& mount) {
  bool const must_be_ordinary = mount.type == "proc" || mount.type == "sysfs";
  return must_be_ordinary ? ordinary_target(root, mount) : mount_target(root, mount, true);
}

Fd target_of(Directory const& root, plan::Mount const& mount, int tree) {
  if (mount.kind == plan::MountKind::filesystem) return target_of(root, mount);
  return mount_target(root, mount, file::kind_of(tree, mount.source) == S_IFDIR);
}

bool asks_for_mounts(plan::Plan const& plan) {
  for (auto const& mount : plan.mounts)
    if (!mount.id_map.is_empty() || mount.is_peer) return true;
  return false;
}

void make_mounts(Directory& root, plan::Plan const& plan, SourceOpener const& sources, int channel) {
  Opener const opener{plan, sources, channel};
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    auto const& mount = plan.mounts[i];
    auto const place = static_cast<std::int32_t>(i);
    Doing const doing{"mounts", mount.index, mount.destination};
    switch (mount.kind) {
      case plan::MountKind::filesystem: mount_filesystem(root, opener, mount, place); break;
      case plan::MountKind::bind: mount_bind(root, opener, mount, place); break;
      case plan::MountKind::cgroup: mount_cgroup(root, mount, plan); break;
      case plan::MountKind::remount:
      case plan::MountKind::remount_filesystem: remount(root, mount); break;
    }
  }
}

}  // namespace orlop::launch
