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
  std::vector<std::string> lines;
  for (auto const& entry : std::filesystem::recursive_directory_iterator{directory}) {
    struct stat status;
    REQUIRE(lstat(entry.path().c_str(), &status) == 0);
    lines.push_back(concat({entry.path().native(), " ", status.st_ino, " ", status.st_mode, " ", status.st_uid, " ",
                            status.st_size, " ", status.st_mtim.tv_nsec, " ", status.st_ctim.tv_nsec}));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  return text;
}

}  // namespace hostile
