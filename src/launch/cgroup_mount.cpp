#include "cgroup_mount.hpp"

#include "finish_mount.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/device.hpp"
#include "orlop/kernel/namespace.hpp"

#include <cerrno>
#include <linux/mount.h>
#include <sys/stat.h>

namespace orlop::launch {

namespace {

Fd own_cgroup(kernel::CgroupDirectory const& directory) { return kernel::clone_tree(directory.full(), false); }

Fd own_cgroup(kernel::CgroupDirectory const& directory, plan::Mount const& mount) {
  Fd tree = own_cgroup(directory);
  if (!mount.attributes.is_empty()) kernel::set_attributes(tree, mount.attributes, false, mount.destination);
  return tree;
}

// In a cgroup namespace of its own the container gets a mount of its own; where the kernel does not let it (EBUSY,
// EPERM in some user namespaces), and without such a namespace, only its own cgroup is bound in: never the host's tree.
Fd v2_tree(kernel::CgroupDirectory const& directory, plan::Mount const& mount, plan::Plan const& plan) {
  if (!plan.namespaces.has(CLONE_NEWCGROUP)) return own_cgroup(directory, mount);
  try {
    return kernel::new_filesystem("cgroup2", "cgroup", mount.options, mount.attributes);
  } catch (Error const& error) {
    if (error.code() != EPERM && error.code() != EBUSY) throw;
    return own_cgroup(directory, mount);
  }
}

// "cpu,cpuacct" has the links cpu and cpuacct, as on every host.
void add_links(Directory const& tmpfs, kernel::CgroupHierarchy const& hierarchy) {
  if (hierarchy.controllers.size() < 2) return;
  for (auto const& controller : hierarchy.controllers) kernel::make_symlink(tmpfs, controller, hierarchy.name);
}

void mount_v1(Directory const& root, plan::Mount const& mount, plan::Plan const& plan) {
  Fd const target = path::make_directories(root, mount.destination);
  constexpr std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  Directory const tmpfs{kernel::new_filesystem("tmpfs", "tmpfs", {{"mode", "755", true}}, {attributes, 0}), mount.destination};
  kernel::attach(tmpfs.fd, target, mount.destination);
  for (auto const& directory : plan.cgroup.directories) {
    auto const& name = directory.hierarchy.name;
    Doing const doing{name};
    check(mkdirat(tmpfs.fd, name.c_str(), 0755), "mkdirat", {path::joined(mount.destination, name)});
    // By name: nobody but us is in this mount namespace yet, so what we have just made in our tmpfs is what is there.
    kernel::attach_at(own_cgroup(directory), tmpfs, name);
    add_links(tmpfs, directory.hierarchy);
  }
  if (!mount.attributes.is_empty()) kernel::set_attributes(tmpfs.fd, mount.attributes, true, mount.destination);
  finish_mount(tmpfs.fd, mount);
}

// The container has no cgroup of its own (--cgroup-manager disabled, or it could not be made): an empty directory in its
// place, never the host's tree.
void mount_nothing(Directory const& root, plan::Mount const& mount) {
  Fd const target = path::make_directories(root, mount.destination);
  constexpr std::uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  Fd const tmpfs = kernel::new_filesystem("tmpfs", "tmpfs", {{"mode", "755", true}}, {attributes, 0});
  kernel::attach(tmpfs, target, mount.destination);
  finish_mount(tmpfs, mount);
}

}  // namespace

void mount_cgroup(Directory const& root, plan::Mount const& mount, plan::Plan const& plan) {
  if (plan.cgroup.is_disabled) return mount_nothing(root, mount);
  if (plan.cgroup.directories.empty() && plan.cgroup.is_left_out) return mount_nothing(root, mount);
  if (plan.cgroup.directories.empty()) throw Error::refusal("this host has no cgroup hierarchy in /sys/fs/cgroup");
  auto const& first = plan.cgroup.directories.front();
  if (!first.hierarchy.name.empty()) return mount_v1(root, mount, plan);
  Fd const target = path::make_directories(root, mount.destination);
  Fd const tree = v2_tree(first, mount, plan);
  kernel::attach(tree, target, mount.destination);
  finish_mount(tree, mount);
}

}  // namespace orlop::launch
