// Mounts by descriptor only: fsopen(2), fsmount(2), open_tree(2), move_mount(2), mount_setattr(2). Linux 5.12 or newer.
// A detached mount is an Fd: closing it unattached takes it away, so a failure on the way leaves nothing behind.
#pragma once
#include "orlop/base/directory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orlop::kernel {

// MOUNT_ATTR_*: what is set and what is cleared. The access time is a field of several bits: to set it, clear
// MOUNT_ATTR__ATIME as well.
struct MountAttributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  bool is_empty() const { return !set && !clear; }
  bool operator==(MountAttributes const&) const = default;
};

// One option of a file system: a flag ("ro"), or a key with a value ("size", "64k").
struct FilesystemOption {
  std::string key;
  std::string value;
  bool has_value = false;
  bool operator==(FilesystemOption const&) const = default;
};

// A new instance of a file system, detached. Errors carry what the file system itself says of its options.
Fd new_filesystem(std::string const& type, std::string const& source, std::vector<FilesystemOption> const& options,
                  MountAttributes attributes);

// fsconfig(2) takes no value above 255 bytes, and does not know iversion; mount(2) does, with a page of options in all.
bool needs_mount_call(std::vector<FilesystemOption> const& options);
// The same by mount(2), which can only attach: done on `scratch`, a directory in our own mount namespace, and taken off
// it again. Needs the caller's procfs in /proc.
Fd new_filesystem_by_mount_call(std::string const& type, std::string const& source,
                                std::vector<FilesystemOption> const& options, MountAttributes attributes, int scratch);
// Other options for the file system of an attached mount, all of it: fspick(2).
void reconfigure(int mount, std::vector<FilesystemOption> const& options, std::string const& shown);

// A copy of a mount (with all below it if `recursive`), detached. An absolute path ignores `directory`.
// Not followed: a symlink at the end of the path is what is mounted.
Fd clone_tree(std::string const& path, bool recursive, bool follow = true);
Fd clone_tree(int fd, std::string const& shown, bool recursive);

void set_attributes(int mount, MountAttributes attributes, bool recursive, std::string const& shown);
// MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE.
void set_propagation(int mount, unsigned long propagation, bool recursive, std::string const& shown);
void set_propagation(std::string const& path, unsigned long propagation, bool recursive);

// Attaches a detached mount (or moves an attached one) onto `target`, an O_PATH descriptor.
void attach(int mount, int target, std::string const& shown);
// The mount whose root this is; nullopt: it lies somewhere inside of one. statx(2).
std::optional<std::uint64_t> try_mount_at(int fd);
// Takes exactly that mount off, with all on top of it, whatever path leads there now. `descriptors`: our own
// /proc/self/fd, opened when /proc was the host's. EINVAL: not of our mount namespace, or locked.
void detach(int mount, int descriptors, std::string const& shown);
// Onto a name in a directory that nobody else can change.
void attach_at(int mount, Directory const& directory, std::string const& name);

}  // namespace orlop::kernel
