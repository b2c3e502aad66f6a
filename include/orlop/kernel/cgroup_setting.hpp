// The files in which the controllers of a cgroup are set, v1 and v2: cgroups(7), cgroup-v1/*.rst and cgroup-v2.rst of
// the kernel's documentation.
#pragma once
#include "orlop/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orlop::kernel {

// One value for one file.
struct CgroupSetting {
  std::string directory;  // the cgroup's, on the host
  std::string file;       // "memory.max"
  std::string value;      // one write
  // What is written instead where `file` is not there (kernels and schedulers differ in names); both empty: nothing is.
  std::string other_file, other_value;
  // A kernel without the file has nothing that could be set otherwise than wanted.
  bool may_be_missing = false;
  // Only where the file has a line for each device: whose line this is, and what takes it away again.
  std::string key, without;
  // "memory.current": a value below what stands there is refused.
  std::string usage_file;
  // A memory limit so tight that it has to wait for what the container's own start needs.
  bool is_last = false;
  std::string where;  // "linux.resources.cpu": who wants it, for an error
  bool operator==(CgroupSetting const&) const = default;
};

// Writes all. Some depend on each other, and which one has to go first depends on the values that stand (v1: the limit
// of memory is never above that of memory and swap; quota : period within those of the cgroup above; burst within
// quota): what is refused with EINVAL or EBUSY is tried again when others have been written, a limit of memory with EBUSY
// after a moment as well. Errors: EINVAL, EBUSY (the limit is below the usage), ENOENT (the kernel has no such setting),
// ENODEV (no such device), ERANGE.
void write_settings(std::vector<CgroupSetting> const& settings);

// What stood before is written again: as much of it as the kernel takes, in whatever order it takes it. The first error
// of what it does not.
std::optional<Error> try_restore_settings(std::vector<CgroupSetting> settings);

// The same setting with the value that stands now; nothing if the file is not there, or cannot be read.
std::optional<CgroupSetting> current_setting(CgroupSetting const& setting);

// How often the kernel has killed a process of the cgroup for want of memory: memory.events (v2), memory.oom_control. 0
// where the memory is not counted.
std::uint64_t oom_kills(std::string const& directory);

// v2: makes the controllers usable in the cgroup at `path` below the mount point of the tree ("/web/1"), by
// cgroup.subtree_control of all above it, from the top. Error: one of `needed` cannot be had (EBUSY: a cgroup above has
// processes of its own). `all`: the others too, as far as they can be had.
void enable_controllers(std::string const& mount, std::string const& path, std::vector<std::string> const& needed,
                        bool all);

}  // namespace orlop::kernel
