#include "orlop/launch/rootfs.hpp"

#include "cgroup_mount.hpp"
#include "finish_mount.hpp"
#include "host_bind.hpp"
#include "mount_source.hpp"
#include "mount_target.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/copy_up.hpp"
#include "orlop/kernel/label.hpp"
#include "orlop/kernel/pivot.hpp"
#include "orlop/launch/channel.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/mount.h>
#include <optional>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

mode_t kind_of(int fd, std::string const& shown) {
  struct stat status;
  check(fstat(fd, &status), "fstat", {shown});
  return status.st_mode & S_IFMT;
}

// An image whose /proc or /sys is a symlink sends the mount elsewhere, and everything that is written below it.
void refuse_link(Directory const& root, plan::Mount const& mount) {
  if (mount.type != "proc" && mount.type != "sysfs") return;
  auto const found = path::try_open_in(root, mount.destination, O_PATH | O_NOFOLLOW);
  if (found && kind_of(*found, mount.destination) == S_IFLNK)
    throw Error::refusal(concat({mount.type, " must be mounted on an ordinary directory, and ", mount.destination,
                                 " is a symbolic link"}));
}

// What makes the mounts of a plan, and whom it asks for what it cannot make.
struct Maker {
  Directory const& root;
  plan::Plan const& plan;
  SourceOpener const& sources;
  int channel;
};

// A tmpfs that takes over what lies under it: filled before it can become read-only.
Fd open_copy(plan::Mount const& mount, int target) {
  Fd made = kernel::new_filesystem(mount.type, mount.source, mount.options, {});
  kernel::copy_tree(target, made, mount.destination);
  if (!mount.attributes.is_empty()) kernel::set_attributes(made, mount.attributes, false, mount.destination);
  return made;
}

// Our own, or the host's where a user namespace has no right to a new one.
Fd open_or_borrow(plan::Mount const& mount, int target, plan::Namespaces const& namespaces) {
  if (mount.copy_up) return open_copy(mount, target);
  try {
    return open_filesystem(mount, target);
  } catch (Error const& error) {
    if (error.code() != EPERM) throw;
    Fd hosts = try_clone_of_host(mount, namespaces);
    if (!hosts.is_open()) throw;
    return hosts;
  }
}

Fd clone_source(Maker const& maker, plan::Mount const& mount, std::int32_t place) {
  Fd tree = maker.sources.clone(mount.source, mount.recursive, !mount.source_nofollow, place);
  if (!mount.attributes.is_empty()) kernel::set_attributes(tree, mount.attributes, false, mount.destination);
  return tree;
}

// By the parent. In a user namespace it only maps the ids of what we have made ourselves: what it would make is not
// locked as our own copy of the host's mounts is.
Fd open_with_map(Maker const& maker, plan::Mount const& mount, int target, std::int32_t place) {
  if (!maker.plan.user_namespace) return ask_for(maker.channel, Word::open_mount, -1, place);
  bool const is_bind = mount.kind == plan::MountKind::bind;
  Fd tree = is_bind ? clone_source(maker, mount, place) : open_filesystem(mount, target);
  ask(maker.channel, Word::map_mount, tree, place);
  return tree;
}

void mount_filesystem(Maker const& maker, plan::Mount const& mount, std::int32_t place) {
  refuse_link(maker.root, mount);
  Fd const target = mount_target(maker.root, mount, true);
  Fd const made = mount.id_map.is_empty() ? open_or_borrow(mount, target, maker.plan.namespaces)
                                          : open_with_map(maker, mount, target, place);
  kernel::attach(made, target, mount.destination);
  if (!mount.label.empty()) kernel::set_selinux_file_label(made, mount.label);
  finish_mount(made, mount);
}

// Our own mount namespace is a slave of the host's: a peer of the host's mount has to come from there.
Fd open_bind(Maker const& maker, plan::Mount const& mount, std::int32_t place) {
  if (mount.is_peer) return ask_for(maker.channel, Word::open_mount, -1, place);
  return mount.id_map.is_empty() ? clone_source(maker, mount, place) : open_with_map(maker, mount, -1, place);
}

void mount_bind(Maker const& maker, plan::Mount const& mount, std::int32_t place) {
  if (mount.copy_symlink && copy_symlink(maker.root, mount)) return;
  Fd const tree = open_bind(maker, mount, place);
  Fd const target = mount_target(maker.root, mount, kind_of(tree, mount.source) == S_IFDIR);
  kernel::attach(tree, target, mount.destination);
  finish_mount(tree, mount);
}

// Only what the options name changes, as mount(8) does it.
void remount(Directory const& root, plan::Mount const& mount) {
  int const nofollow = mount.destination_nofollow ? O_NOFOLLOW : 0;
  Fd const target = path::open_in(root, mount.destination, O_PATH | nofollow);
  if (mount.kind == plan::MountKind::remount_filesystem) kernel::reconfigure(target, mount.options, mount.destination);
  if (!mount.attributes.is_empty()) kernel::set_attributes(target, mount.attributes, false, mount.destination);
  finish_mount(target, mount);
}

// The container's own /dev/null, proven to be one: what is masked must not become something else's window.
Fd open_null(Directory const& root) {
  auto null = path::try_open_in(root, "/dev/null", O_PATH | O_NOFOLLOW);
  if (!null || !kernel::is_device(*null, {S_IFCHR, 1, 3}))
    throw Error::refusal("/dev/null in the container is not the null device, which masking a file needs");
  return std::move(*null);
}

// The directory that the last device was made in, and likely the next one.
class Parents {
public:
  explicit Parents(Directory const& root) : root_{root} {}
  Directory const& of(std::string const& path, std::string& name) {
    auto const slash = path.rfind('/');
    name = path.substr(slash + 1);
    std::string const parent = path.substr(0, slash ? slash : 1);
    if (parent != last_) {
      open_ = {path::make_directories(root_, parent), parent};
      last_ = parent;
    }
    return open_;
  }

private:
  Directory const& root_;
  Directory open_;
  std::string last_;
};

void bind_console(Directory const& root, kernel::Pty const& pty) {
  auto const place = path::make_parent(root, "/dev/console");
  int const make = openat(place.parent.fd, place.name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0600);
  Fd const made{make};
  if (make < 0 && errno != EEXIST) fail("openat", {"/dev/console"});
  int const flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  Fd const console{check(openat(place.parent.fd, place.name.c_str(), flags), "openat", {"/dev/console"})};
  if (kind_of(console, "/dev/console") == S_IFLNK) throw Error::refusal("/dev/console in the container is a symbolic link");
  kernel::attach(kernel::clone_tree(pty.slave, "the terminal", false), console, "/dev/console");
}

}  // namespace

Directory bind_root(plan::Rootfs const& rootfs, SourceOpener const& sources) {
  Doing const doing{"root"};
  kernel::set_propagation("/", rootfs.first_propagation, true);
  Fd const target = sources.open(rootfs.path, true, SourceOpener::root);
  Fd tree = kernel::clone_tree(target, rootfs.path, true);
  kernel::attach(tree, target, rootfs.path);
  return {std::move(tree), rootfs.path};
}

bool asks_for_mounts(plan::Plan const& plan) {
  for (auto const& mount : plan.mounts)
    if (!mount.id_map.is_empty() || mount.is_peer) return true;
  return false;
}

void make_mounts(Directory const& root, plan::Plan const& plan, SourceOpener const& sources, int channel) {
  Maker const maker{root, plan, sources, channel};
  for (std::size_t i = 0; i < plan.mounts.size(); ++i) {
    auto const& mount = plan.mounts[i];
    auto const place = static_cast<std::int32_t>(i);
    Doing const doing{"mounts", mount.index, mount.destination};
    switch (mount.kind) {
      case plan::MountKind::filesystem: mount_filesystem(maker, mount, place); break;
      case plan::MountKind::bind: mount_bind(maker, mount, place); break;
      case plan::MountKind::cgroup: mount_cgroup(root, mount, plan); break;
      case plan::MountKind::remount:
      case plan::MountKind::remount_filesystem: remount(root, mount); break;
    }
  }
}

namespace {

// Where mknod is nothing for us: in a user namespace that the plan makes, or that somebody has put us into.
void make_node(Directory const& parent, std::string const& name, plan::Device const& device, bool is_by_bind) {
  bool const is_fifo = device.node.kind == S_IFIFO;
  if (is_by_bind && !is_fifo) return bind_device(parent, name, device);
  try {
    kernel::make_device(parent, name, device.node);
  } catch (Error const& error) {
    if (error.code() != EPERM || is_fifo) throw;
    bind_device(parent, name, device);
  }
}

}  // namespace

void make_devices(Directory const& root, plan::Plan const& plan) {
  Parents parents{root};
  std::string name;
  for (auto const& device : plan.devices) {
    Doing const doing{"device", device.path};
    Directory const& parent = parents.of(device.path, name);
    make_node(parent, name, device, plan.user_namespace.has_value());
  }
  for (auto const& link : plan.symlinks) {
    Doing const doing{"symlink", link.path};
    Directory const& parent = parents.of(link.path, name);
    kernel::make_symlink(parent, name, link.target);
  }
}

kernel::Pty make_terminal(Directory const& root, plan::Process const& process) {
  Doing const doing{"terminal"};
  kernel::Pty pty = kernel::new_pty(root);
  if (process.terminal.rows && process.terminal.columns)
    kernel::set_window_size(pty.master, *process.terminal.rows, *process.terminal.columns);
  uid_t const uid = process.user.uid;
  if (uid != 0) check(fchown(pty.slave, uid, static_cast<gid_t>(-1)), "fchown", {"the terminal", uid});
  if (process.terminal.console) bind_console(root, pty);
  return pty;
}

void mask_paths(Directory const& root, plan::Plan const& plan) {
  auto const& paths = plan.masked_paths;
  constexpr std::uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  Fd null, empty;  // one null device and one empty directory cover all
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Doing const doing{"linux.maskedPaths", i, paths[i]};
    auto const target = path::try_open_in(root, paths[i], O_PATH);
    if (!target) continue;  // nothing to hide
    if (kind_of(*target, paths[i]) != S_IFDIR) {
      if (!null.is_open()) null = open_null(root);
      kernel::attach(kernel::clone_tree(null, "/dev/null", false), *target, paths[i]);
    } else if (!empty.is_open()) {
      std::vector<kernel::FilesystemOption> options{{"nr_inodes", "1", true}, {"ro", "", false}};
      if (plan.mount_label) options.push_back(*plan.mount_label);
      empty = kernel::new_filesystem("tmpfs", "tmpfs", options, {attributes, 0});
      kernel::attach(empty, *target, paths[i]);
    } else {
      kernel::attach(kernel::clone_tree(empty, "tmpfs", false), *target, paths[i]);
    }
  }
}

void protect_paths(Directory const& root, std::vector<std::string> const& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Doing const doing{"linux.readonlyPaths", i, paths[i]};
    auto const target = path::try_open_in(root, paths[i], O_PATH);
    if (!target) continue;
    Fd const tree = kernel::clone_tree(*target, paths[i], true);
    kernel::set_attributes(tree, {MOUNT_ATTR_RDONLY, 0}, false, paths[i]);
    kernel::attach(tree, *target, paths[i]);
  }
}

void change_root(Directory const& root, plan::Rootfs const& rootfs) {
  Doing const doing{"root"};
  if (rootfs.readonly) kernel::set_attributes(root.fd, {MOUNT_ATTR_RDONLY, 0}, false, rootfs.path);
  if (rootfs.change == plan::RootChange::pivot_root)
    kernel::pivot_into(root);
  else
    kernel::move_into(root);
  if (rootfs.last_propagation)
    kernel::set_propagation("/", rootfs.last_propagation & ~static_cast<unsigned long>(MS_REC), rootfs.last_propagation & MS_REC);
}

}  // namespace orlop::launch
