// What will be done, decided before anything is done: typed sections in the primitives' own types. No order is kept
// here (init.cpp is the order), no system call is made to get here, and nothing of config.json is read behind it.
#pragma once
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/cgroup.hpp"
#include "orlop/kernel/cgroup_setting.hpp"
#include "orlop/kernel/credential.hpp"
#include "orlop/kernel/device.hpp"
#include "orlop/kernel/device_filter.hpp"
#include "orlop/kernel/idmap.hpp"
#include "orlop/kernel/mount.hpp"
#include "orlop/kernel/memory_policy.hpp"
#include "orlop/kernel/netdev.hpp"
#include "orlop/kernel/rdt.hpp"
#include "orlop/kernel/rlimit.hpp"
#include "orlop/kernel/seccomp.hpp"
#include "orlop/kernel/sysctl.hpp"
#include "orlop/kernel/systemd_scope.hpp"
#include "orlop/kernel/time_namespace.hpp"
#include "orlop/kernel/scheduler.hpp"
#include "orlop/kernel/user_namespace.hpp"

#include "oci/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace orlop::plan {

// One that exists already; opened by the parent before the clone, with its kind proven.
struct JoinedNamespace {
  std::uint64_t kind = 0;  // CLONE_NEW*
  std::string path;        // on the host, absolute
  std::size_t index = 0;   // in linux.namespaces
};

// namespaces(7), as CLONE_NEW* bits.
struct Namespaces {
  std::uint64_t at_clone = 0;      // made by clone3, with the process
  // Unshared by the child at once: the network (it takes long, and the parent has other work), a time namespace that gets
  // offsets (they can be written only as long as nobody is in it).
  std::uint64_t by_child = 0;
  std::uint64_t after_cgroup = 0;  // the cgroup namespace: its root is the cgroup that the process is in when it is made
  bool loopback_up = false;        // a new network namespace has lo, down
  std::vector<JoinedNamespace> joined;
  std::vector<kernel::TimeOffset> time_offsets;
  bool is_new(std::uint64_t kind) const { return (at_clone | by_child | after_cgroup) & kind; }
  bool joins(std::uint64_t kind) const {
    for (auto const& one : joined)
      if (one.kind & kind) return true;
    return false;
  }
  // One that is not simply the caller's.
  bool has(std::uint64_t kind) const { return is_new(kind) || joins(kind); }
};

// A new user namespace: the parent writes its maps, and the child becomes its owner before it makes anything. What needs
// the host's privilege (joining the host's namespaces, entering cgroups, raising limits) is the parent's to do then, and
// ipc and network wait for the owner: their files would belong to nobody.
// A joined one: everything new is made by a process that is in it already; its maps stand, and `uids` and `gids` are what
// the config says of them, if anything.
struct UserNamespace {
  kernel::IdSpans uids, gids;
  uid_t owner_uid = 0;  // inside: root, or the first that is mapped; of a joined one found out when we are in it
  gid_t owner_gid = 0;
  bool is_joined = false;
  // An ordinary user makes it, who may write a map of the own id only: others are newuidmap's and newgidmap's to write.
  bool has_ordinary_maker = false;
  bool uids_by_helper = false, gids_by_helper = false;
  bool denies_setgroups = false;
};

// The transient scope of systemd that the container's processes are: all of its cgroups lie at, or (with a subgroup) below
// the unit's. Properties are sent in the order of the members; PIDs, the container's init, comes last.
struct Unit {
  std::string name;     // "orlop-web1.scope"
  std::string path;     // of its cgroup, below the mount point of each hierarchy
  std::string subgroup;  // run.oci.systemd.subgroup: below the path; empty: none
  bool is_users = false;  // made by the user's own manager, not by the system's
  std::vector<kernel::UnitProperty> own, devices, limits;
  std::vector<kernel::UnitProperty> last_limits;  // as the settings that are written last
};

struct Cgroup {
  bool is_disabled = false;  // --cgroup-manager disabled: no directory, and nothing that would need one
  std::vector<kernel::CgroupDirectory> directories;  // one in each hierarchy of the host
  std::vector<kernel::DeviceRule> devices;           // default deny
  bool is_left_out = false;                          // some that cannot be made, and need not be
  bool filters_devices = true;                       // which takes the right of the host's root
  std::vector<std::string> controllers;              // of the v2 tree: those that the settings need
  std::vector<kernel::CgroupSetting> settings;
  std::optional<Unit> unit;            // --systemd-cgroup
  // run.oci.delegate-cgroup: where the program is, below the v2 directory, and what is given away in its place.
  std::string payload;
  std::optional<uid_t> owner;  // on the host: whom the v2 directory is given to
  std::optional<uid_t> owner_inside;  // the same in a joined user namespace, as its id is there
  // The v2 directory.
  kernel::CgroupDirectory const* tree() const {
    for (auto const& directory : directories)
      if (directory.hierarchy.is_v2) return &directory;
    return nullptr;
  }
  bool is_only_tree() const { return directories.size() == 1 && tree(); }
  // The v2 directory is entered behind the clone, moved in by the parent: a process that is born in a joined cgroup
  // namespace cannot be born in a cgroup outside of it (nsdelegate: ENOENT).
  bool is_entered_late = false;
  // Where the process is born (clone3, CLONE_INTO_CGROUP): in the v2 directory, unless systemd makes it, which wants to
  // see the process first. The v1 ones it enters by itself.
  kernel::CgroupDirectory const* born_in() const { return unit || is_entered_late ? nullptr : tree(); }
  // Some settings wait until init needs no memory any more.
  bool has_last_settings() const {
    for (auto const& setting : settings)
      if (setting.is_last) return true;
    return false;
  }
};

struct IntelRdt {
  std::string mount;  // of resctrl
  kernel::RdtGroup group;
  bool is_own = false;  // goes with the container, if it was not there before
};

// The socket in that directory.
constexpr char notify_name[] = "notify.sock";

// in_place: chroot(2) alone, in the mount namespace that we are in: the container has none of its own, and nothing is mounted.
enum class RootChange { pivot_root, move_and_chroot, in_place };

struct Rootfs {
  std::string path;               // on the host, absolute
  // MS_SLAVE or MS_PRIVATE, of all mounts of the new mount namespace, before anything else is done in it.
  unsigned long first_propagation = 0;
  // MS_* of the root at last, if that is another one; with MS_REC for all mounts below it.
  unsigned long last_propagation = 0;
  RootChange change = RootChange::pivot_root;
  bool readonly = false;
  bool has_own_mounts() const { return change != RootChange::in_place; }
};

// remount: what is mounted at the destination already gets other attributes; remount_filesystem: and its file system other
// options.
enum class MountKind { filesystem, bind, cgroup, remount, remount_filesystem };

struct Mount {
  std::size_t index = 0;    // in config.json's mounts
  std::string destination;  // absolute, inside the root
  MountKind kind = MountKind::filesystem;
  std::string type;
  std::string source;
  bool recursive = false;                        // bind: with all that is mounted below the source
  bool is_peer = false;  // bind: in the peer group of the host's mount: what is mounted below is seen on both sides
  kernel::MountAttributes attributes;            // of the mount itself
  kernel::MountAttributes recursive_attributes;  // of it and all below
  std::vector<unsigned long> propagation;        // MS_*, in the order of the options
  std::vector<bool> propagation_recursive;
  std::vector<kernel::FilesystemOption> options;
  bool source_nofollow = false;       // a symlink at the end of the source is mounted itself
  bool destination_nofollow = false;  // a symlink at the end of the destination is what is mounted on
  bool copy_symlink = false;          // a source that is a symlink is made anew at the destination, and not mounted
  bool copy_up = false;               // tmpfs: with a copy of what lies under it
  bool takes_mode = false;            // tmpfs: that of the directory under it, if it is there already
  std::string label;                  // of SELinux, an attribute of its root; empty: none
  kernel::IdMap id_map;               // empty: ids are what the source says
};

struct Device {
  std::string path;  // absolute, inside the root
  kernel::DeviceNode node;
  bool is_made_outside = false;  // for a user namespace, which may not make it, with this mode and owner
};

struct Symlink {
  std::string path;
  std::string target;
};

struct Terminal {
  bool wanted = false;
  std::optional<unsigned short> rows, columns;
  bool console = false;  // /dev/console is the terminal, too
};

// Who is told of the system calls that are answered by SCMP_ACT_NOTIFY.
struct SeccompListener {
  std::string path;  // of a socket on the host, absolute
  std::string metadata;
};

// How many system calls of the native architecture have an answer, always or depending on their arguments.
struct SeccompGroup {
  std::uint32_t answer = 0;
  std::size_t calls = 0;
};

struct Seccomp {
  kernel::FilterProgram program;
  unsigned flags = 0;  // SECCOMP_FILTER_FLAG_*
  std::optional<SeccompListener> listener;
  // What the program decides, for a reader: answers are SECCOMP_RET_* and their data.
  std::uint32_t other_calls = 0, other_architectures = 0;
  std::vector<SeccompGroup> groups;
  std::vector<std::string> architectures, by_arguments;
  std::string newest;  // what has a higher number than this call is answered with ENOSYS; empty: as other_calls
};

// What a process gets where its configuration is silent.
constexpr mode_t default_umask = 022;
constexpr unsigned long default_personality = 0;  // PER_LINUX
constexpr std::string_view default_search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Process {
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  Terminal terminal;
  kernel::Credentials user;
  std::optional<mode_t> umask;  // default_umask if there is none
  kernel::Capabilities capabilities;
  std::vector<kernel::Rlimit> rlimits;
  std::optional<int> oom_score_adj;
  std::optional<kernel::Scheduling> scheduling;
  std::optional<kernel::IoPriority> io_priority;
  bool priorities_from_outside = false;  // these two, by who has the host's privilege, for it has none itself
  bool has_priorities_from_outside() const { return priorities_from_outside && (scheduling || io_priority); }
  std::optional<kernel::MemoryPolicy> memory_policy;
  std::optional<unsigned long> personality;  // PER_*; default_personality if there is none
  bool no_new_privileges = false;
  // Numbers of the caller's, from 3 on: those of LISTEN_FDS first, then those of --preserve-fds, not all of them open.
  unsigned kept_descriptors = 0;
  unsigned listen_fds = 0;        // how many of them are sockets of sd_listen_fds(3)
  std::optional<std::string> session_keyring;  // a new one of this name; absent: the caller's
  std::string apparmor_profile, selinux_label;  // empty: as orlop has them
  std::optional<Seccomp> seccomp;
};

// `exec` only: on its way into the container.
struct Exec {
  std::vector<std::string> cgroups;  // directories on the host
  // --cgroup without a controller, on v1: in a hierarchy that has no such directory the container's own is entered.
  // Empty, or as long as `cgroups`.
  std::vector<std::string> own_cgroups;
  std::vector<std::string> rdt_groups;  // directories of resctrl
  bool may_follow_init = true;       // where the container's own v2 cgroup takes no processes: into init's
  // Before and after it has entered them; an empty list: as they are, or as the cpuset has it.
  std::vector<unsigned> initial_processors, final_processors;
};

// Files of the host to which what hooks write is appended; empty: an error shows the last of it.
struct HookOutput {
  std::string stdout_file, stderr_file;
};

struct Hooks {
  oci::Hooks of;     // args are filled in
  oci::State state;  // without status and pid, which differ from kind to kind
  HookOutput output;
};

struct Plan {
  std::string id;
  std::string bundle;
  std::string pidfd_receiver;  // run.oci.pidfd_receiver: a socket as that of --pidfd-socket; empty: none
  Namespaces namespaces;
  std::optional<UserNamespace> user_namespace;
  std::vector<kernel::NetDevice> net_devices;  // of the host, moved into the network namespace
  Cgroup cgroup;
  std::optional<IntelRdt> intel_rdt;
  Rootfs rootfs;
  std::optional<std::string> hostname, domainname;
  std::vector<kernel::Sysctl> sysctls;
  std::vector<Mount> mounts;
  bool has_notify_directory = false;  // the last of them
  std::optional<kernel::FilesystemOption> mount_label;  // of what hides a directory; the mounts have theirs already
  std::vector<Device> devices;
  std::vector<Symlink> symlinks;
  std::vector<std::string> masked_paths, readonly_paths;
  Process process;
  std::optional<Exec> exec;           // set: a process beside a container's init, and nothing else of the plan counts
  std::optional<Hooks> hooks;
  std::vector<std::string> warnings;  // what the config asks for and the spec lets us leave out
  std::vector<std::string> notes;     // the same where every caller knows it: for the debug log
};

}  // namespace orlop::plan
