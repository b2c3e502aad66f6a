#include "host_bind.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/namespace.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

// At the same path, or where udev lists all devices by number.
Fd host_device(plan::Device const& device) {
  auto const& node = device.node;
  std::string const listed = concat({node.kind == S_IFBLK ? "/dev/block/" : "/dev/char/", node.major, ":", node.minor});
  for (std::string const& path : {device.path, listed}) {
    Fd fd{open(path.c_str(), O_PATH | O_CLOEXEC)};
    if (fd.is_open() && kernel::is_device(fd, node)) return fd;
  }
  throw Error::refusal("a user namespace cannot make device nodes, and the host has no such device to bind");
}

Fd open_place(Directory const& parent, std::string const& name, std::string const& shown) {
  Fd const made{openat(parent.fd, name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644)};
  if (!made.is_open() && errno != EEXIST) fail("openat", {shown});
  return Fd{check(openat(parent.fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "openat", {shown})};
}

void check_is_file(int fd, std::string const& shown) {
  if (file::kind_of(fd, shown) != S_IFREG) fail(EEXIST, "openat", {shown});
}

void attach_node(int node, int target, std::string const& shown) {
  kernel::set_attributes(node, {MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0}, false, shown);
  kernel::attach(node, target, shown);
}

struct Shared {
  std::string_view type;
  std::uint64_t kind;  // whose namespace it shows
  char const* name;
  char const* path;
  bool is_for_reading;
};
constexpr Shared shared[] = {
    {"sysfs", CLONE_NEWNET, "network", "/sys", true},
    {"mqueue", CLONE_NEWIPC, "ipc", "/dev/mqueue", false},
    {"proc", CLONE_NEWPID, "pid", "/proc", false},
};

}  // namespace

void bind_device(Directory const& parent, std::string const& name, plan::Device const& device) {
  Fd const source = host_device(device);
  Fd const target = open_place(parent, name, device.path);
  if (kernel::is_device(target, device.node)) return;  // the image's, or one that is bound already
  check_is_file(target, device.path);
  attach_node(kernel::clone_tree(source, device.path, false), target, device.path);
}

void attach_device(Directory const& parent, std::string const& name, plan::Device const& device, int node) {
  Fd const target = open_place(parent, name, device.path);
  // The image's may have another mode and owner, and be of a mount that is nodev.
  if (!kernel::is_device(target, device.node)) check_is_file(target, device.path);
  attach_node(node, target, device.path);
}

Fd try_clone_of_host(plan::Mount const& mount, plan::Namespaces const& namespaces) {
  for (auto const& row : shared) {
    if (row.type != mount.type) continue;
    // Another's processes, or another's network, are not the host's; sysfs shows no more of the host than it always does.
    if (row.type != "sysfs" && namespaces.has(row.kind)) return {};
    if (access(row.path, F_OK) < 0 && errno == ENOENT) return {};
    Fd tree = kernel::clone_tree(row.path, true);
    // With all that is mounted below it, control groups too: nothing for a container to write.
    if (row.is_for_reading) kernel::set_attributes(tree, {MOUNT_ATTR_RDONLY, 0}, true, mount.destination);
    if (!mount.attributes.is_empty()) kernel::set_attributes(tree, mount.attributes, false, mount.destination);
    return tree;
  }
  return {};
}

std::string hint_of_missing_right(plan::Mount const& mount, plan::Namespaces const& namespaces) {
  for (auto const& row : shared) {
    if (row.type != mount.type) continue;
    std::string const whose = concat({"the ", row.name, " namespace "});
    if (namespaces.joins(row.kind))
      return concat({whose, "that is joined belongs to another user namespace than the container's"});
    if (!namespaces.has(row.kind))
      return concat({whose, "is the host's, and the host has no ", row.type, " at ", row.path, " to lend"});
  }
  return {};
}

}  // namespace orlop::launch
