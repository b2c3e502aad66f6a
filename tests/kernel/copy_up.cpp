#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/copy_up.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

// SCRATCH/from and SCRATCH/to.
struct Trees {
  explicit Trees(std::string const& scratch) : from{scratch + "/from"}, to{scratch + "/to"} {
    for (auto const& directory : {from, to}) std::filesystem::create_directory(directory);
  }
  void copy() const { copy_tree(path::open_host(from, O_PATH), path::open_host(to, O_PATH), from); }
  std::string from, to;
};

struct stat status_of(std::string const& path) {
  struct stat status {};
  CHECK(lstat(path.c_str(), &status) == 0);
  return status;
}

void check_same(std::string const& one, std::string const& other) {
  auto const a = status_of(one), b = status_of(other);
  CHECK(a.st_mode == b.st_mode);
  CHECK(a.st_uid == b.st_uid);
  CHECK(a.st_gid == b.st_gid);
  CHECK(a.st_mtim.tv_sec == b.st_mtim.tv_sec);
  CHECK(a.st_mtim.tv_nsec == b.st_mtim.tv_nsec);
}

}  // namespace

TEST_CASE("copy up: files, directories and links with all their attributes") {
  in_private_mounts([](std::string const& scratch) {
    Trees const trees{scratch};
    std::filesystem::create_directories(trees.from + "/a/b");
    file::replace(trees.from + "/a/b/file", "text", 04751);
    REQUIRE(chmod((trees.from + "/a/b/file").c_str(), 04751) == 0);
    std::filesystem::create_symlink("/nowhere/at/all", trees.from + "/a/link");
    for (char const* const name : {"/a", "/a/link"}) REQUIRE(lchown((trees.from + name).c_str(), 7, 8) == 0);
    timespec const times[] = {{1000, 1}, {2000, 2}};
    for (char const* const name : {"/a/b/file", "/a/link", "/a/b", "/a", ""})
      REQUIRE(utimensat(AT_FDCWD, (trees.from + name).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
    trees.copy();
    for (char const* const name : {"", "/a", "/a/b", "/a/b/file", "/a/link"}) {
      INFO(name);
      check_same(trees.from + name, trees.to + name);
    }
    CHECK(file::read(trees.to + "/a/b/file") == "text");
    CHECK(std::filesystem::read_symlink(trees.to + "/a/link") == "/nowhere/at/all");
  });
}

TEST_CASE("copy up: a file's capabilities outlive its owner") {
  in_private_mounts([](std::string const& scratch) {
    Trees const trees{scratch};
    file::replace(trees.from + "/file", "x", 0755);
    REQUIRE(chown((trees.from + "/file").c_str(), 9, 9) == 0);
    // VFS_CAP_REVISION_2, effective, CAP_NET_RAW: capabilities(7).
    unsigned const value[] = {0x02000001, 1 << 13, 0, 0, 0};
    if (setxattr((trees.from + "/file").c_str(), "security.capability", value, sizeof value, 0) < 0) return;
    trees.copy();
    CHECK(getxattr((trees.to + "/file").c_str(), "security.capability", nullptr, 0) == sizeof value);
  });
}

TEST_CASE("copy up: nothing that could wait or act is opened or made") {
  in_private_mounts([](std::string const& scratch) {
    Trees const trees{scratch};
    REQUIRE(mkfifo((trees.from + "/pipe").c_str(), 0600) == 0);
    REQUIRE(mknod((trees.from + "/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
    trees.copy();
    CHECK(std::filesystem::is_empty(trees.to));
  });
}

TEST_CASE("copy up: holes stay holes") {
  in_private_mounts([](std::string const& scratch) {
    Trees const trees{scratch};
    file::replace(trees.from + "/sparse", "begin", 0600);
    REQUIRE(truncate((trees.from + "/sparse").c_str(), off_t{1} << 40) == 0);
    trees.copy();
    CHECK(status_of(trees.to + "/sparse").st_size == off_t{1} << 40);
    CHECK(status_of(trees.to + "/sparse").st_blocks < 100);
  });
}

TEST_CASE("copy up: too deep a tree is refused by name") {
  in_private_mounts([](std::string const& scratch) {
    Trees const trees{scratch};
    std::string deep = trees.from;
    for (unsigned i = 0; i < most_copied_depth; ++i) deep += "/d";
    std::filesystem::create_directories(deep);
    CHECK(failure_of([&] { trees.copy(); }).ends_with(" is more than 128 directories deep"));
  });
}
