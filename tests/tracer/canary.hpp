// Directories of the host that nobody may reach through a container's root: a descriptor, a working directory or a mount
// that lies in one is the proof of a hole, whatever is done with it later.
#pragma once
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tracer {

class Canary {
public:
  void add(std::string const& directory);
  // What a process has there now, behind that call; empty: nothing.
  std::string reached_by(pid_t pid, std::string const& file) const;
  std::string mounted_by(pid_t pid) const;

private:
  std::vector<std::string> directories_;
  std::set<std::pair<dev_t, ino_t>> inodes_;
};

}  // namespace tracer
