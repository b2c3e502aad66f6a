#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/device.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

Directory opened(std::string const& path) { return {path::open_host(path, O_PATH | O_DIRECTORY), "/shown"}; }

struct stat status_of(std::string const& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status;
}

void check_node(std::string const& path, DeviceNode const& node) {
  INFO(path);
  auto const status = status_of(path);
  CHECK((status.st_mode & S_IFMT) == node.kind);
  CHECK((status.st_mode & 07777) == node.mode);
  CHECK(status.st_uid == node.uid);
  CHECK(status.st_gid == node.gid);
  if (node.kind != S_IFIFO) CHECK(status.st_rdev == makedev(node.major, node.minor));
}

DeviceNode const null{S_IFCHR, 1, 3, 0666, 0, 0};

}  // namespace

TEST_CASE("device: nodes with their exact mode and owner, whatever the umask is") {
  in_private_mounts([](std::string const& scratch) {
    umask(077);
    DeviceNode const nodes[] = {
        null, {S_IFCHR, 1, 5, 0640, 12, 34}, {S_IFBLK, 7, 200, 0660, 0, 6}, {S_IFIFO, 0, 0, 0622, 7, 0},
        {S_IFCHR, 511, 1048575, 0, 65534, 65534}, {S_IFCHR, 10, 229, 01777, 0, 0},
    };
    int number = 0;
    for (DeviceNode const& node : nodes) {
      std::string const name = "node" + std::to_string(number++);
      make_device(opened(scratch), name, node);
      check_node(scratch + "/" + name, node);
      CHECK(is_device(path::open_host(scratch + "/" + name, O_PATH), node));
    }
  });
}

TEST_CASE("device: the caller's umask stays as it was") {
  in_private_mounts([](std::string const& scratch) {
    umask(037);
    make_device(opened(scratch), "null", null);
    CHECK(umask(0) == 037);
  });
}

TEST_CASE("device: a directory that hands its group on does not give it to a node") {
  in_private_mounts([](std::string const& scratch) {
    std::filesystem::create_directory(scratch + "/dev");
    REQUIRE(chown((scratch + "/dev").c_str(), 0, 1000) == 0);
    REQUIRE(chmod((scratch + "/dev").c_str(), 02755) == 0);
    make_device(opened(scratch + "/dev"), "null", null);
    check_node(scratch + "/dev/null", null);
  });
}

TEST_CASE("device: an equal node is kept, its mode and owner are set") {
  in_private_mounts([](std::string const& scratch) {
    REQUIRE(mknod((scratch + "/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
    auto const before = status_of(scratch + "/null").st_ino;
    DeviceNode const wanted{S_IFCHR, 1, 3, 0666, 1000, 5};
    make_device(opened(scratch), "null", wanted);
    check_node(scratch + "/null", wanted);
    CHECK(status_of(scratch + "/null").st_ino == before);
    make_device(opened(scratch), "null", wanted);
    check_node(scratch + "/null", wanted);
  });
}

TEST_CASE("device: whatever else has the name is EEXIST, and stays as it is") {
  in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/victim", "untouched", 0600);
    file::replace(scratch + "/file", "untouched", 0600);
    std::filesystem::create_symlink("victim", scratch + "/link");
    std::filesystem::create_symlink("nowhere", scratch + "/dangling");
    std::filesystem::create_directory(scratch + "/directory");
    REQUIRE(mknod((scratch + "/zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0);
    REQUIRE(mknod((scratch + "/block").c_str(), S_IFBLK | 0600, makedev(1, 3)) == 0);
    for (char const* name : {"file", "link", "dangling", "directory", "zero", "block"}) {
      auto const before = status_of(scratch + "/" + name);
      CHECK(failure_of([&] { make_device(opened(scratch), name, null); }) ==
            "mknodat(\"/shown/" + std::string{name} + "\", 1, 3): file exists");
      auto const after = status_of(scratch + "/" + name);
      CHECK(after.st_mode == before.st_mode);
      CHECK(after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
    }
    CHECK(status_of(scratch + "/victim").st_mode == (S_IFREG | 0600U));
    CHECK_FALSE(std::filesystem::exists(scratch + "/nowhere"));
  });
}

TEST_CASE("device: what the kernel refuses is named") {
  in_private_mounts([](std::string const& scratch) {
    CHECK(failure_of([&] { make_device(opened(scratch), "no/such", null); }) ==
          "mknodat(\"/shown/no/such\", 1, 3): no such file or directory");
  });
}

TEST_CASE("device: a symlink is made, a taken name is kept") {
  in_private_mounts([](std::string const& scratch) {
    make_symlink(opened(scratch), "fd", "/proc/self/fd");
    CHECK(std::filesystem::read_symlink(scratch + "/fd") == "/proc/self/fd");
    make_symlink(opened(scratch), "fd", "/elsewhere");
    CHECK(std::filesystem::read_symlink(scratch + "/fd") == "/proc/self/fd");
    file::replace(scratch + "/core", "a file", 0644);
    make_symlink(opened(scratch), "core", "/proc/kcore");
    CHECK(file::read(scratch + "/core") == "a file");
    CHECK(failure_of([&] { make_symlink(opened(scratch), "no/such", "x"); }) ==
          "symlinkat(\"x\", \"/shown/no/such\"): no such file or directory");
  });
}

TEST_CASE("device: is_device tells kind and number") {
  Fd const fd = path::open_host("/dev/null", O_PATH);
  CHECK(is_device(fd, null));
  CHECK_FALSE(is_device(fd, {S_IFCHR, 1, 5, 0666, 0, 0}));
  CHECK_FALSE(is_device(fd, {S_IFBLK, 1, 3, 0666, 0, 0}));
  CHECK_FALSE(is_device(-1, null));
  CHECK_FALSE(is_device(path::open_host("/etc", O_PATH), null));
}
