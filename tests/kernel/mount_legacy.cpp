#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "mountinfo.hpp"

#include "orlop/base/path.hpp"
#include "orlop/kernel/mount.hpp"

#include <fcntl.h>
#include <filesystem>
#include <linux/mount.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

std::string const long_value(256, 'x');

std::size_t mounts() { return mountinfo::all().size(); }

}  // namespace

TEST_CASE("mount call: needed for a long value and for iversion only") {
  CHECK_FALSE(needs_mount_call({}));
  CHECK_FALSE(needs_mount_call({{"size", std::string(255, '1'), true}, {"ro", "", false}}));
  CHECK(needs_mount_call({{"ro", "", false}, {"lowerdir", long_value, true}}));
  CHECK(needs_mount_call({{"iversion", "", false}}));
  CHECK(needs_mount_call({{"noiversion", "", false}}));
}

TEST_CASE("mount call: flags, data and attributes; nothing stays attached where it was made") {
  in_private_mounts([](std::string const& scratch) {
    for (char const* const name : {"/scratch", "/target"}) std::filesystem::create_directory(scratch + name);
    Fd const work = path::open_host(scratch + "/scratch", O_PATH);
    std::size_t const before = mounts();
    Fd const made = new_filesystem_by_mount_call("tmpfs", "words", {{"size", "64k", true}, {"sync", "", false}, {"ro", "", false}},
                                                 {MOUNT_ATTR_NODEV, 0}, work);
    CHECK(mounts() == before);
    attach(made, path::open_host(scratch + "/target", O_PATH), "target");
    auto const mount = mountinfo::at(scratch + "/target");
    REQUIRE(mount);
    CHECK(mount->source == "words");
    CHECK(mount->has("nodev"));
    CHECK(mount->super_options.find("size=64k") != std::string::npos);
    CHECK(mount->super_options.starts_with("ro,sync"));
  });
}

TEST_CASE("mount call: a later flag takes back an earlier one") {
  in_private_mounts([](std::string const& scratch) {
    for (char const* const name : {"/scratch", "/target"}) std::filesystem::create_directory(scratch + name);
    Fd const work = path::open_host(scratch + "/scratch", O_PATH);
    Fd const made = new_filesystem_by_mount_call("tmpfs", "t", {{"ro", "", false}, {"rw", "", false}}, {}, work);
    attach(made, path::open_host(scratch + "/target", O_PATH), "target");
    CHECK(mountinfo::at(scratch + "/target")->super_options.starts_with("rw"));
  });
}

TEST_CASE("mount call: a failure names the call, and leaves nothing attached") {
  in_private_mounts([](std::string const& scratch) {
    Fd const work = path::open_host(scratch, O_PATH);
    std::size_t const before = mounts();
    CHECK(failure_of([&] { new_filesystem_by_mount_call("tmpfs", "t", {{"size", "wrong", true}}, {}, work); }) ==
          "mount(\"t\", \"tmpfs\", \"size=wrong\"): invalid argument");
    CHECK(failure_of([&] { new_filesystem_by_mount_call("tmpfs", "t", {{"x", std::string(5000, 'y'), true}}, {}, work); })
              .find("the kernel takes 4095") != std::string::npos);
    CHECK(mounts() == before);
  });
}
