#include "orlop/launch/rootfs.hpp"

#include "device_store.hpp"
#include "host_bind.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/pivot.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/mount.h>
#include <optional>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

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
      open_ = {parent == "/dev" ? made_dev() : path::make_directories(root_, parent), parent};
      last_ = parent;
    }
    return open_;
  }

private:
  // Of an image that makes /dev a link, nothing is known about what the devices would be made in.
  Fd made_dev() const {
    mkdirat(root_.fd, "dev", 0755);
    Fd dev{openat(root_.fd, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!dev.is_open()) fail("openat", {"/dev"});
    return dev;
  }

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
  if (file::kind_of(console, "/dev/console") == S_IFLNK) throw Error::refusal("/dev/console in the container is a symbolic link");
  kernel::attach(kernel::clone_tree(pty.slave, "the terminal", false), console, "/dev/console");
}

}  // namespace

Directory bind_root(plan::Rootfs const& rootfs, SourceOpener const& sources) {
  Doing const doing{"root"};
  if (!rootfs.has_own_mounts()) return {sources.open(rootfs.path, true, SourceOpener::root), rootfs.path};
  kernel::set_propagation("/", rootfs.first_propagation, true);
  Fd const target = sources.open(rootfs.path, true, SourceOpener::root);
  Fd tree = kernel::clone_tree(target, rootfs.path, true);
  kernel::attach(tree, target, rootfs.path);
  return {std::move(tree), rootfs.path};
}

namespace {

// Where mknod is nothing for us: in a user namespace that the plan makes, or that somebody has put us into.
void make_node(Directory const& parent, std::string const& name, plan::Device const& device, plan::Plan const& plan, Fd node) {
  bool const is_fifo = device.node.kind == S_IFIFO;
  if (node.is_open()) return attach_device(parent, name, device, node);
  if (plan.user_namespace && !is_fifo) return bind_device(parent, name, device);
  try {
    kernel::make_device(parent, name, device.node);
  } catch (Error const& error) {
    if (error.code() != EPERM || is_fifo || !plan.rootfs.has_own_mounts()) throw;
    bind_device(parent, name, device);
  }
}

}  // namespace

void make_devices(Directory const& root, plan::Plan const& plan, int channel) {
  Parents parents{root};
  std::string name;
  std::vector<Fd> nodes = nodes_made_outside(root, plan, channel);
  for (std::size_t i = 0; i < plan.devices.size(); ++i) {
    auto const& device = plan.devices[i];
    Doing const doing{"device", device.path};
    Directory const& parent = parents.of(device.path, name);
    make_node(parent, name, device, plan, nodes.empty() ? Fd{} : std::move(nodes[i]));
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
    if (file::kind_of(*target, paths[i]) != S_IFDIR) {
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

void make_working_directory(Directory const& root, std::string const& path) {
  Doing const doing{"process.cwd", path};
  path::make_directories(root, path);
}

void change_root(Directory const& root, plan::Rootfs const& rootfs) {
  Doing const doing{"root"};
  if (rootfs.readonly) kernel::set_attributes(root.fd, {MOUNT_ATTR_RDONLY, 0}, false, rootfs.path);
  switch (rootfs.change) {
    case plan::RootChange::pivot_root: kernel::pivot_into(root); break;
    case plan::RootChange::move_and_chroot: kernel::move_into(root); break;
    case plan::RootChange::in_place: return kernel::chroot_into(root);
  }
  if (rootfs.last_propagation)
    kernel::set_propagation("/", rootfs.last_propagation & ~static_cast<unsigned long>(MS_REC), rootfs.last_propagation & MS_REC);
}

}  // namespace orlop::launch
