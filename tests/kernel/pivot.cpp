#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "mountinfo.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/pivot.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;

namespace {

// A root with a file and a procfs, as a mount of its own.
Directory made_root(std::string const& path) {
  std::filesystem::create_directories(path);
  REQUIRE(mount("new_root", path.c_str(), "tmpfs", 0, nullptr) == 0);
  file::replace(path + "/inside", "the new root", 0644);
  std::filesystem::create_directories(path + "/proc");
  REQUIRE(mount("proc", (path + "/proc").c_str(), "proc", 0, nullptr) == 0);
  return {path::open_host(path, O_PATH | O_DIRECTORY), path};
}

std::string working_directory() {
  char path[4096];
  return getcwd(path, sizeof path) ? path : "none";
}

void check_inside_only() {
  CHECK(file::read("/inside") == "the new root");
  CHECK(working_directory() == "/");
  CHECK(file::read("inside") == "the new root");
  CHECK_FALSE(std::filesystem::exists("/etc"));
  CHECK_FALSE(std::filesystem::exists("/../etc"));
}

// A container's process: its own mount namespace, the propagation that a plan may ask for, the pivot.
void pivot_as_container(std::string const& scratch, unsigned long propagation) {
  REQUIRE(unshare(CLONE_NEWNS) == 0);
  if (propagation != MS_SHARED) REQUIRE(mount("", "/", nullptr, propagation | MS_REC, nullptr) == 0);
  REQUIRE(mount("", scratch.c_str(), nullptr, MS_PRIVATE, nullptr) == 0);  // pivot_root(2) wants it of the parent
  Directory const root = made_root(scratch + "/root");
  pivot_into(root);
  check_inside_only();
  auto const mounts = mountinfo::all();
  CHECK(mounts.size() == 2);
  CHECK(mounts.at(0).source == "new_root");
  CHECK(mounts.at(1).type == "proc");
}

void check_host_unchanged(unsigned long propagation) {
  harness::in_private_mounts([&](std::string const& scratch) {
    REQUIRE(mount("", "/", nullptr, MS_SHARED | MS_REC, nullptr) == 0);  // this namespace plays the host
    auto const before = file::read("/proc/self/mountinfo");
    harness::in_child([&] { pivot_as_container(scratch, propagation); });
    CHECK(file::read("/proc/self/mountinfo") == before);
  });
}

}  // namespace

TEST_CASE("pivot: with private mounts the host's stay as they are") { check_host_unchanged(MS_PRIVATE); }
TEST_CASE("pivot: with slave mounts the host's stay as they are") { check_host_unchanged(MS_SLAVE); }
TEST_CASE("pivot: with shared mounts the host's stay as they are") { check_host_unchanged(MS_SHARED); }

TEST_CASE("pivot: what is no root of a mount is refused") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::filesystem::create_directories(scratch + "/plain");
    Directory const plain{path::open_host(scratch + "/plain", O_PATH | O_DIRECTORY), "/plain"};
    CHECK(harness::failure_of([&] { pivot_into(plain); }) == "pivot_root(\"/plain\"): invalid argument");
  });
}

TEST_CASE("pivot: moved onto the root, the new root is all there is to see") {
  harness::in_private_mounts([](std::string const& scratch) {
    auto const before = file::read("/proc/self/mountinfo");
    harness::in_child([&] {
      REQUIRE(unshare(CLONE_NEWNS) == 0);
      Directory const root = made_root(scratch + "/root");
      move_into(root);
      check_inside_only();
    });
    CHECK(file::read("/proc/self/mountinfo") == before);
  });
}

TEST_CASE("pivot: moved where the root is a ramfs or a tmpfs") {
  for (char const* type : {"ramfs", "tmpfs"}) {
    INFO(type);
    harness::in_private_mounts([&](std::string const& scratch) {
      // A host whose root is of that type, as an initial ramdisk leaves it.
      REQUIRE(mount("ramdisk", scratch.c_str(), type, 0, nullptr) == 0);
      std::filesystem::create_directories(scratch + "/etc");
      pivot_into({path::open_host(scratch, O_PATH | O_DIRECTORY), scratch});
      REQUIRE(std::filesystem::exists("/etc"));
      Directory const root = made_root("/containers/root");
      move_into(root);
      check_inside_only();
    });
  }
}
