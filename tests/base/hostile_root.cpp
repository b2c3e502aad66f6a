#include "hostile_root.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <vector>

using namespace orlop;

namespace hostile {

Root::Root(std::string where) : scratch{std::move(where)}, path{scratch + "/root"}, canary{scratch + "/canary"} {
  for (auto const& made : {path, canary, canary + "/dir"}) REQUIRE(mkdir(made.c_str(), 0755) == 0);
  for (char const* name : {"/file", "/ptmx", "/fd", "/core"}) file::replace(canary + name, "canary", 0644);
  directory = {path::open_host(path, O_PATH | O_DIRECTORY), "/root-of-test"};
}

void Root::make_directory(std::string const& name) const { std::filesystem::create_directories(inside(name)); }
void Root::make_file(std::string const& name) const { file::replace(inside(name), "inside", 0644); }
void Root::make_link(std::string const& name, std::string const& target) const {
  REQUIRE(symlink(target.c_str(), inside(name).c_str()) == 0);
}

void Root::mount_proc() const {
  make_directory("proc");
  REQUIRE(mount("proc", inside("proc").c_str(), "proc", 0, nullptr) == 0);
}

std::string snapshot(std::string const& directory) {
  std::vector<std::string> paths{directory};
  for (auto const& entry : std::filesystem::recursive_directory_iterator{directory}) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::string text;
  for (auto const& path : paths) {
    struct stat status;
    REQUIRE(lstat(path.c_str(), &status) == 0);
    text += concat({path, " ", status.st_ino, " ", status.st_mode, " ", status.st_uid, " ", status.st_size, " ",
                    status.st_mtim.tv_nsec, " ", status.st_ctim.tv_nsec, "\n"});
  }
  return text;
}

}  // namespace hostile
