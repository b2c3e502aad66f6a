#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "harness/refuse.hpp"
#include "mountinfo.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/idmap.hpp"
#include "orlop/kernel/mount.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

IdMap const map{{{0, 5000, 10}}, {{0, 6000, 10}}, false};

// A tmpfs at DIRECTORY/source with a file of 3:4, another tmpfs below it; DIRECTORY/target.
void make(std::string const& directory) {
  for (char const* const name : {"/source", "/target"}) std::filesystem::create_directory(directory + name);
  attach(new_filesystem("tmpfs", "outer", {}, {}), path::open_host(directory + "/source", O_PATH), "source");
  std::filesystem::create_directory(directory + "/source/sub");
  attach(new_filesystem("tmpfs", "inner", {}, {}), path::open_host(directory + "/source/sub", O_PATH), "sub");
  for (char const* const name : {"/source/file", "/source/sub/file"}) {
    file::replace(directory + name, "x", 0600);
    REQUIRE(chown((directory + name).c_str(), 3, 4) == 0);
  }
}

std::pair<uid_t, gid_t> owner(std::string const& path) {
  struct stat status {};
  CHECK(stat(path.c_str(), &status) == 0);
  return {status.st_uid, status.st_gid};
}

// False: this kernel's tmpfs takes no map (before Linux 6.3).
bool map_and_attach(std::string const& directory, IdMap const& wanted) {
  Fd const tree = clone_tree(directory + "/source", true);
  std::string const failure = failure_of([&] { map_ids(tree, wanted, "/source"); });
  if (failure.find("invalid argument") != std::string::npos) return false;
  CHECK(failure.empty());
  attach(tree, path::open_host(directory + "/target", O_PATH), "target");
  return true;
}

}  // namespace

TEST_CASE("idmap: owners are shown and written through the map, of the mount alone") {
  in_private_mounts([](std::string const& scratch) {
    make(scratch);
    if (!map_and_attach(scratch, map)) return;
    CHECK(owner(scratch + "/target/file") == std::pair<uid_t, gid_t>{5003, 6004});
    CHECK(owner(scratch + "/target/sub/file") == std::pair<uid_t, gid_t>{3, 4});
    CHECK(owner(scratch + "/source/file") == std::pair<uid_t, gid_t>{3, 4});
    REQUIRE(chown((scratch + "/target/file").c_str(), 5007, 6008) == 0);
    CHECK(owner(scratch + "/source/file") == std::pair<uid_t, gid_t>{7, 8});
    // Who has no id there cannot be an owner.
    CHECK(chown((scratch + "/target/file").c_str(), 7, 8) < 0);
    CHECK(errno == EOVERFLOW);
  });
}

TEST_CASE("idmap: of all mounts below, if it is recursive") {
  in_private_mounts([](std::string const& scratch) {
    make(scratch);
    IdMap recursive = map;
    recursive.recursive = true;
    if (!map_and_attach(scratch, recursive)) return;
    CHECK(owner(scratch + "/target/sub/file") == std::pair<uid_t, gid_t>{5003, 6004});
  });
}

TEST_CASE("idmap: a file system that takes none, and what is mapped already") {
  in_private_mounts([](std::string const& scratch) {
    Fd const procfs = new_filesystem("proc", "proc", {}, {});
    CHECK(failure_of([&] { map_ids(procfs, map, "/proc"); }) ==
          "mount_setattr(\"/proc\", MOUNT_ATTR_IDMAP): invalid argument");
    make(scratch);
    Fd const tree = clone_tree(scratch + "/source", false);
    if (!failure_of([&] { map_ids(tree, map, "tree"); }).empty()) return;
    CHECK(failure_of([&] { map_ids(tree, map, "tree"); }) == "mount_setattr(\"tree\", MOUNT_ATTR_IDMAP): operation not permitted");
  });
}

TEST_CASE("idmap: the namespace that holds a map has it, and nobody in it") {
  harness::in_child([] {
    harness::need_root();
    Fd const space = new_user_namespace({{{0, 5000, 10}, {20, 7000, 1}}, {{0, 6000, 10}}, false});
    CHECK(space.is_open());
    CHECK_FALSE(failure_of([] { new_user_namespace({{{0, 5000, 10}, {5, 7000, 1}}, {{0, 6000, 10}}, false}); }).empty());
  });
}
