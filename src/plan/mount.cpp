#include "mount_option.hpp"
#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <algorithm>
#include <linux/mount.h>

namespace orlop::plan {

namespace {

// "mode=755" is a key with a value, "newinstance" a flag.
kernel::FilesystemOption filesystem_option(std::string const& text) {
  auto const equals = text.find('=');
  if (equals == std::string::npos) return {text, "", false};
  return {text.substr(0, equals), text.substr(equals + 1), true};
}

void apply_options(oci::Mount const& wanted, Mount& mount) {
  for (std::size_t i = 0; i < wanted.options.size(); ++i) {
    std::string const& option = wanted.options[i];
    auto const effect = apply_option(option, mount);
    // Every devpts is an instance of its own since Linux 4.7, and the word is unknown to fsconfig(2) on some kernels.
    bool const is_implied = mount.type == "devpts" && option == "newinstance";
    if (effect == OptionEffect::not_ours && !option.empty() && !is_implied)
      mount.options.push_back(filesystem_option(option));
  }
}

[[noreturn]] void refuse_option(oci::Mount const& wanted, Mount const& mount, std::string_view word, std::string_view why) {
  std::size_t i = 0;
  while (i + 1 < wanted.options.size() && wanted.options[i] != word) ++i;
  throw Refusal{concat({at("mounts", mount.index, "options"), "[", i, "]"}), concat({"\"", word, "\" ", why})};
}

bool has(oci::Mount const& wanted, std::string_view word) {
  return std::find(wanted.options.begin(), wanted.options.end(), word) != wanted.options.end();
}

// mount(2) takes no data for a bind and says nothing, and configs live on that: left out, and said aloud.
void leave_out_options(Mount& mount, Plan& plan) {
  for (auto const& option : mount.options)
    plan.warnings.push_back(concat({at("mounts", mount.index, "options"), ": \"", option.key,
                                    "\" left out: it is an option of a file system, and a bind mount takes none"}));
  mount.options.clear();
}

// They are of a whole file system, and mount(2) passes over them on a bind: so do we, and say it.
void ignore_superblock_flags(Mount& mount, char const* kind, Plan& plan) {
  std::erase_if(mount.options, [&](kernel::FilesystemOption const& option) {
    bool const is_flag = !option.has_value && is_superblock_flag(option.key);
    if (is_flag)
      plan.notes.push_back(concat({at("mounts", mount.index, "options"), ": \"", option.key,
                                   "\" is of a file system as a whole, and without effect on a ", kind}));
    return is_flag;
  });
}

// Options that say how a mount is made, where none is made or not in that way.
void check_switches(oci::Mount const& wanted, Mount const& mount) {
  bool const is_bind = mount.kind == MountKind::bind;
  if (mount.copy_symlink && !is_bind) refuse_option(wanted, mount, "copy-symlink", "is for a bind mount");
  if (mount.source_nofollow && !is_bind) refuse_option(wanted, mount, "src-nofollow", "is for a bind mount");
  bool const is_tmpfs = mount.kind == MountKind::filesystem && mount.type == "tmpfs";
  if (mount.copy_up && !is_tmpfs) refuse_option(wanted, mount, "tmpcopyup", "is for a new tmpfs");
  bool const may_map = is_bind || mount.kind == MountKind::filesystem;
  if (!mount.id_map.is_empty() && !may_map)
    throw Refusal{at("mounts", mount.index), "ids can be mapped in a bind mount or a new file system only"};
  if (mount.copy_up && !mount.id_map.is_empty())
    refuse_option(wanted, mount, "tmpcopyup", "cannot be combined with a map of ids");
}

// What is mounted there is the root from then on; these could be no root.
void check_root(Mount const& mount) {
  if (mount.destination != "/") return;
  bool const is_no_root = mount.kind == MountKind::cgroup || mount.type == "proc" || mount.type == "sysfs";
  if (is_no_root || mount.copy_symlink)
    throw Refusal{at("mounts", mount.index, "destination"), "is the container's root itself: only a directory or a file system of files can become that"};
}

// A new mount of these shows what others have mounted, too: the kernel has each of them once, or once for a network, an ipc
// or a pid namespace, or for who mounts the same hierarchy. With some, whoever mounts it last decides for all (devtmpfs: a
// host whose /dev is read-only), with others whoever comes first (sysfs: a pod whose next container cannot write to it).
// Of a kind that is not listed nobody else has a mount, or, with a block device, the kernel refuses to change it.
constexpr std::string_view shared_types[] = {
    "binfmt_misc", "cgroup2", "configfs", "debugfs",    "devtmpfs",   "efivarfs",  "fusectl", "mqueue", "nfsd",
    "proc",        "pstore",  "resctrl",  "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs",  "tracefs",
};

bool is_shared(Mount const& mount) {
  return std::find(std::begin(shared_types), std::end(shared_types), mount.type) != std::end(shared_types);
}

// What the list has mounted there is the container's alone. (The type of a remount is often "none"; what is bound, or is there
// without the list's doing, is the host's; and so are the cgroups: a host on which no cgroup can be made any more.)
bool remounts_its_own(Mount const& mount, Plan const& plan) {
  for (auto one = plan.mounts.rbegin(); one != plan.mounts.rend(); ++one) {
    bool const is_it = one->destination == mount.destination;
    if (is_it && one->kind != MountKind::remount && one->kind != MountKind::remount_filesystem)
      return one->kind == MountKind::filesystem && !is_shared(*one);
  }
  return false;
}

// A flag of a new file system is one of the mount and of the file system; so it is when both are changed.
void finish_remount(Plan const& plan, Mount& mount) {
  bool const is_own = mount.kind != MountKind::bind && remounts_its_own(mount, plan);
  if (is_own && mount.attributes.set & MOUNT_ATTR_RDONLY) mount.options.push_back({"ro", "", false});
  if (is_own && mount.attributes.clear & MOUNT_ATTR_RDONLY) mount.options.push_back({"rw", "", false});
  // One that is not its own is left alone: with some (cgroup2) to say nothing of an option is to take it away.
  bool const is_mounts_alone = mount.kind == MountKind::bind || (!is_own && mount.options.empty());
  mount.kind = is_mounts_alone ? MountKind::remount : MountKind::remount_filesystem;
}

void finish_bind(oci::Mount const& wanted, Request const& request, Mount& mount) {
  if (wanted.source.empty()) throw Refusal{at("mounts", mount.index, "source"), "is empty: a bind mount needs one"};
  // Relative to the bundle, as config.md says.
  if (wanted.source.front() != '/') mount.source = path::joined(request.bundle, wanted.source);
}

// On v1 it is a tmpfs with many mounts, on v2 a view of the host's: neither has options of its own to set.
void finish_cgroup(Mount& mount) {
  mount.kind = MountKind::cgroup;
  if (!mount.options.empty())
    throw Refusal{at("mounts", mount.index, "options"),
                  concat({"\"", mount.options.front().key, "\" is an option of a file system, and a cgroup mount takes none"})};
}

void finish_filesystem(Mount& mount) {
  if (mount.type.empty() || mount.type == "none" || mount.type == "bind")
    throw Refusal{at("mounts", mount.index, "type"),
                  concat({"\"", mount.type, "\" is no file system; for a bind mount add the option bind or rbind"})};
  // A directory of the image keeps its mode, as runc has it.
  bool const has_mode = std::any_of(mount.options.begin(), mount.options.end(), [](auto const& one) { return one.key == "mode"; });
  mount.takes_mode = mount.type == "tmpfs" && !mount.copy_up && !has_mode && mount.id_map.is_empty();
  // As mount(2) does: a read-only mount of a new file system makes a read-only file system.
  // What is copied into it has to be written first: only the mount is read-only then.
  bool const is_mounts_alone = mount.copy_up || is_shared(mount);
  if (mount.attributes.set & MOUNT_ATTR_RDONLY && !is_mounts_alone) mount.options.push_back({"ro", "", false});
}

// In the host's cgroup namespace a new mount of the v2 tree shows all of it, and takes the host's options away (nsdelegate):
// what a mount of type "cgroup" shows there takes its place, the container's own cgroup.
bool shows_hosts_cgroups(Mount const& mount, Plan const& plan) {
  bool const is_new = mount.kind == MountKind::filesystem && mount.type == "cgroup2" && mount.options.empty();
  return is_new && plan.cgroup.tree() && !plan.namespaces.has(CLONE_NEWCGROUP);
}

void finish_hosts_cgroups(Mount& mount, Plan const& plan) {
  mount.kind = MountKind::bind;
  mount.source = plan.cgroup.tree()->full();
}

// The kernel asks for rights in the namespace that such a file system shows, and a new user namespace has none in one
// that was there before.
void check_rights(Mount const& mount, Namespaces const& namespaces) {
  constexpr struct {
    std::string_view type;
    std::uint64_t kind;
    char const* name;
  } shown[] = {{"proc", CLONE_NEWPID, "pid"}, {"mqueue", CLONE_NEWIPC, "ipc"}};
  if (mount.kind != MountKind::filesystem || !namespaces.is_new(CLONE_NEWUSER)) return;
  for (auto const& row : shown)
    if (mount.type == row.type && namespaces.joins(row.kind))
      throw Refusal{at("mounts", mount.index, "type"),
                    concat({row.type, " cannot be mounted from a new user namespace where the ", row.name,
                            " namespace is a joined one, to which it has no right"})};
}

Mount plan_mount(oci::Mount const& wanted, std::size_t index, oci::LinuxConfig const& config, Plan& plan) {
  Request const request{plan.id, plan.bundle};
  Mount mount;
  mount.index = index;
  if (wanted.destination.empty()) throw Refusal{at("mounts", index, "destination"), "is empty"};
  // A relative destination is deprecated, and means one relative to "/".
  mount.destination = path::cleaned(wanted.destination);
  mount.type = wanted.type;
  mount.source = wanted.source;
  apply_options(wanted, mount);
  plan_id_map(wanted, config, mount);
  if (mount.kind == MountKind::bind) {
    ignore_superblock_flags(mount, "bind", plan);
    leave_out_options(mount, plan);
  }
  if (has(wanted, "remount"))
    finish_remount(plan, mount);
  else if (mount.kind == MountKind::bind)
    finish_bind(wanted, request, mount);
  else if (mount.type == "cgroup")
    finish_cgroup(mount);
  else if (shows_hosts_cgroups(mount, plan))
    finish_hosts_cgroups(mount, plan);
  else
    finish_filesystem(mount);
  check_switches(wanted, mount);
  check_root(mount);
  check_rights(mount, plan.namespaces);
  return mount;
}

// Both words are needed, as engines write them: the root's propagation is shared, and the mount's. The mounts of a user
// namespace are never peers of the host's.
bool is_peer(Mount const& mount, Plan const& plan) {
  auto const& words = mount.propagation;
  bool const is_shared = std::find(words.begin(), words.end(), std::uint64_t{MS_SHARED}) != words.end();
  return mount.kind == MountKind::bind && is_shared && plan.rootfs.last_propagation & MS_SHARED && !plan.user_namespace &&
         mount.id_map.is_empty();
}

// For an old systemd on a host without version 1: its named hierarchy in the place of a mount of the list. The kernel shows
// one that the host has mounted, as a whole.
void force_cgroup_v1(oci::Annotations const& annotations, Plan& plan) {
  constexpr char key[] = "run.oci.systemd.force_cgroup_v1";
  constexpr std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  auto const wanted = std::find_if(annotations.begin(), annotations.end(), [&](auto const& one) { return one.first == key; });
  if (wanted == annotations.end() || wanted->second.empty()) return;
  std::string const where = concat({"annotations[\"", key, "\"]"});
  std::string const place = absolute_path(wanted->second, where);
  auto const found = std::find_if(plan.mounts.begin(), plan.mounts.end(), [&](auto const& one) { return one.destination == place; });
  if (found == plan.mounts.end()) throw Refusal{where, concat({"nothing is mounted at ", place})};
  Mount tmpfs, systemd;
  tmpfs.index = systemd.index = found->index;
  tmpfs.type = tmpfs.source = "tmpfs";
  tmpfs.destination = place;
  tmpfs.options = {{"mode", "755", true}, {"size", "1024k", true}};
  systemd.type = systemd.source = "cgroup";
  systemd.destination = place + "/systemd";
  systemd.options = {{"none", "", false}, {"name", "systemd", true}, {"xattr", "", false}};
  tmpfs.attributes.set = systemd.attributes.set = attributes;
  *found = std::move(tmpfs);
  plan.mounts.insert(found + 1, std::move(systemd));
}

}  // namespace

void plan_mounts(oci::Spec const& spec, Plan& plan) {
  oci::LinuxConfig const nothing;
  oci::LinuxConfig const& config = spec.linux_config ? *spec.linux_config : nothing;
  plan.mounts.reserve(spec.mounts.size());
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) {
    plan.mounts.push_back(plan_mount(spec.mounts[i], i, config, plan));
    plan.mounts.back().is_peer = is_peer(plan.mounts.back(), plan);
  }
  force_cgroup_v1(spec.annotations, plan);
}

}  // namespace orlop::plan
