// What /proc/PID/mountinfo says: proc_pid_mountinfo(5).
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace mountinfo {

struct Mount {
  std::string id, root, point, options, propagation, type, source, super_options;
  bool has(std::string const& option) const;  // one of the mount's own options
};

std::vector<Mount> all(std::string const& path = "/proc/self/mountinfo");
// The mount that is seen at a path.
std::optional<Mount> at(std::string const& point);

}  // namespace mountinfo
