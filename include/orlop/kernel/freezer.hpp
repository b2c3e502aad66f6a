// Stops every process of a cgroup where it is, and lets it go on. v1: the freezer's `freezer.state`
// (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst); v2: `cgroup.freeze` and the word `frozen` in
// `cgroup.events` (cgroup-v2.rst). A frozen process takes no signal on v1; on v2 SIGKILL ends it.
#pragma once
#include <optional>
#include <span>
#include <string>

namespace orlop::kernel {

struct Freezer {
  std::string directory;
  bool is_v2 = false;
};

// The directory that can freeze, v1's before v2's: on a hybrid host both may be there, and others look at v1's.
std::optional<Freezer> try_freezer(std::span<std::string const> directories);

// By this cgroup's own request, and all of its processes stand. One above that is frozen does not count; a cgroup that
// is gone is not frozen.
bool is_frozen(Freezer const& freezer);
// Asked for by this cgroup itself, whether or not all processes stand by now.
bool is_freeze_wanted(Freezer const& freezer);

// True when all processes stand. False after `patience_ms`: some process cannot be frozen (it waits in the kernel, on a
// dead file server for example); then nothing is frozen. Errors: ENOENT, EACCES of the file.
bool try_freeze(Freezer const& freezer, int patience_ms);
void thaw(Freezer const& freezer);

}  // namespace orlop::kernel
