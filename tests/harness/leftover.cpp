#include "leftover.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace harness {

namespace {

std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  std::string const path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (!file) return pids;
  for (int pid = 0; std::fscanf(file, "%d", &pid) == 1;) pids.push_back(pid);
  std::fclose(file);
  return pids;
}

}  // namespace

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

void end_leftover_children() {
  // The children of those that die become ours: look again until there is none.
  for (auto pids = children(); !pids.empty(); pids = children())
    for (pid_t const pid : pids) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
}

}  // namespace harness
