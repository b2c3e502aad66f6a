#include "id_map.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/program.hpp"

#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

constexpr unsigned patience_seconds = 30;

struct Helper {
  char const *name, *list, *file;
};
constexpr Helper uid_helper{"newuidmap", "linux.uidMappings", "/etc/subuid"};
constexpr Helper gid_helper{"newgidmap", "linux.gidMappings", "/etc/subgid"};

// Empty: not found.
std::string found_in_path(std::string const& name) {
  char const* const own = std::getenv("PATH");
  for (auto const directory : split(own && *own ? own : "/usr/bin:/bin:/usr/sbin:/sbin", ':')) {
    if (directory.empty() || directory.front() != '/') continue;
    std::string file = path::joined(directory, name);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

bool is_privileged(std::string const& file) {
  struct stat status;
  return (stat(file.c_str(), &status) == 0 && status.st_mode & S_ISUID && status.st_uid == 0) ||
         getxattr(file.c_str(), "security.capability", nullptr, 0) > 0;
}

std::string hint_for(Helper const& helper, std::string const& file) {
  if (!is_privileged(file))
    return concat({file, " has to be set-user-ID root, or to have the capability to map ids"});
  return concat({"the ids that a user may map are listed in ", helper.file, ", a line NAME:FIRST:COUNT"});
}

void run_helper(Helper const& helper, pid_t pid, kernel::IdSpans const& map) {
  Doing const doing{helper.list};
  std::string const file = found_in_path(helper.name);
  if (file.empty())
    throw Error::refusal(concat({helper.name, " is needed to map more than the own id, and is not in $PATH"}))
        .with_hint(concat({"package uidmap has it; without it only the own id can be mapped: see orlop spec --rootless"}));
  kernel::Program program;
  program.path = file;
  program.args = {helper.name, std::to_string(pid)};
  for (auto const& range : map)
    for (auto const number : {range.inside, range.outside, range.count}) program.args.push_back(std::to_string(number));
  program.timeout_seconds = patience_seconds;
  auto const outcome = kernel::run_program(program);
  if (outcome.end == kernel::ProgramEnd::ended && outcome.wait_status == 0) return;
  auto const text = trimmed(outcome.text);
  std::string const said = text.empty() ? concat({helper.name, ": failed"}) : std::string{text.substr(0, text.find('\n'))};
  throw Error::refusal(said).with_hint(hint_for(helper, file));
}

bool says(char const* file, std::string_view word) {
  try {
    return access(file, R_OK) == 0 && trimmed(file::read(file)) == word;
  } catch (Error const&) {
    return false;
  }
}

}  // namespace

void map_ids(pid_t pid, plan::UserNamespace const& user) {
  if (user.uids_by_helper) {
    run_helper(uid_helper, pid, user.uids);
  } else {
    Doing const doing{uid_helper.list};
    kernel::write_uid_map(pid, user.uids);
  }
  if (user.gids_by_helper) return run_helper(gid_helper, pid, user.gids);
  Doing const doing{gid_helper.list};
  kernel::write_gid_map(pid, user.gids, user.denies_setgroups);
}

Error with_user_namespace_hint(Error error) {
  int const code = error.code();
  if (code != EPERM && code != ENOSPC && code != EUSERS && code != EACCES) return error;
  if (says("/proc/sys/user/max_user_namespaces", "0"))
    return std::move(error).with_hint("user namespaces are switched off by /proc/sys/user/max_user_namespaces");
  if (says("/proc/sys/kernel/unprivileged_userns_clone", "0"))
    return std::move(error).with_hint("user namespaces are root's alone by /proc/sys/kernel/unprivileged_userns_clone");
  if (says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
    return std::move(error).with_hint("AppArmor restricts them: /proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  return error;
}

}  // namespace orlop::launch
