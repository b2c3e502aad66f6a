#include "orlop/container/state_root.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::container {

namespace {

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '.' ||
         c == '-';
}

// Root inside of a user namespace, called by somebody who is not root outside. Podman does not hand USER down.
bool is_root_of_another() {
  char const* const user = std::getenv("USER");
  if (user && std::string_view{user} == "root") return false;
  Fd const map{open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC)};
  char text[64] = {};
  if (!map.is_open() || read(map, text, sizeof text - 1) <= 0) return false;
  auto const fields = trimmed(text);
  return fields.find("4294967295") == std::string_view::npos;  // the initial namespace maps every id to itself
}

void make_private(std::string const& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    mkdir(path.substr(0, slash).c_str(), 0755);
  // The directory of an ordinary user is cleaned of what is old, but for what has the sticky bit: XDG Base Directories.
  bool const is_ordinary = geteuid() != 0;
  bool const is_made = mkdir(path.c_str(), is_ordinary ? 0700 : 0711) == 0;
  if (!is_made && errno != EEXIST) fail("mkdir", {path});
  if (is_made && is_ordinary) check(chmod(path.c_str(), S_ISVTX | 0700), "chmod", {path});
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

void check_id(std::string const& id) {
  auto const bad = std::find_if_not(id.begin(), id.end(), is_id_character);
  char const* const reason = id.empty()            ? "it is empty"
                             : id.size() > NAME_MAX ? "it is too long"
                             : bad != id.end()      ? "invalid character in the container ID"
                             : id.front() == '.'    ? "it begins with a dot"
                                                    : nullptr;
  if (reason)
    throw Error::refusal(concat({"invalid container ID format: ", json_quoted(id.substr(0, 64)), ": ", reason,
                                 " (letters, digits and _ + . - only, not . at the beginning, at most 255)"}));
}

std::string default_state_root() {
  char const* const runtime_dir = std::getenv("XDG_RUNTIME_DIR");
  bool const has_runtime_dir = runtime_dir && *runtime_dir;
  bool const is_root = geteuid() == 0;
  if (!has_runtime_dir && !is_root)
    throw Error::refusal("no state directory: XDG_RUNTIME_DIR is not set; name one with --root");
  // Root of a container, in which there need not be any such directory, is not the root of an ordinary user.
  if (!has_runtime_dir || (is_root && !is_root_of_another())) return "/run/orlop";
  return path::joined(runtime_dir, "orlop");
}

Directory open_state_root(std::string const& path) {
  Doing const doing{"state root"};
  Fd found{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!found.is_open()) {
    if (errno != ENOENT) fail("open", {path});
    make_private(path);
    found = path::open_host(path, O_PATH | O_DIRECTORY);
  }
  return {std::move(found), path};
}

std::vector<std::string> container_ids(std::string const& state_root) {
  std::vector<std::string> ids;
  std::unique_ptr<DIR, CloseDirectory> const open{opendir(state_root.c_str())};
  if (!open) {
    if (errno == ENOENT) return ids;
    fail("opendir", {state_root});
  }
  while (dirent const* entry = readdir(open.get())) {
    std::string const name = entry->d_name;
    // A name with a dot in front may be a claim in the making; a container of such a name has a record.
    if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    if (faccessat(dirfd(open.get()), concat({name, "/state.json"}).c_str(), F_OK, 0) == 0) ids.push_back(name);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace orlop::container
