#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "mountinfo.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/mount.hpp"

#include <fcntl.h>
#include <filesystem>
#include <linux/mount.h>
#include <sys/stat.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

Fd target(std::string const& path) { return path::open_host(path, O_PATH); }

std::string made(std::string const& directory) {
  std::filesystem::create_directories(directory);
  return directory;
}

void attach_to(int mount, std::string const& path) { attach(mount, target(path), path); }

// DIRECTORY with a file, and another tmpfs with a file on DIRECTORY/sub.
std::string made_tree(std::string const& directory) {
  attach_to(new_filesystem("tmpfs", "outer", {}, {}), made(directory));
  file::replace(directory + "/file", "outer", 0644);
  attach_to(new_filesystem("tmpfs", "inner", {}, {}), made(directory + "/sub"));
  file::replace(directory + "/sub/file", "inner", 0644);
  return directory;
}

bool exists(std::string const& path) { return std::filesystem::exists(path); }

}  // namespace

TEST_CASE("mount: a new tmpfs has its options and attributes") {
  in_private_mounts([](std::string const& scratch) {
    std::string const place = made(scratch + "/t");
    MountAttributes const attributes{MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0};
    attach_to(new_filesystem("tmpfs", "words", {{"size", "64k", true}, {"mode", "1770", true}}, attributes), place);
    auto const mount = mountinfo::at(place);
    REQUIRE(mount);
    CHECK(mount->type == "tmpfs");
    CHECK(mount->source == "words");
    CHECK(mount->options == "rw,nosuid,nodev,noexec,relatime");
    CHECK(mount->super_options.find("size=64k") != std::string::npos);
    struct stat status;
    REQUIRE(stat(place.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 01770);
  });
}

TEST_CASE("mount: a flag makes the file system read-only, an attribute only the mount") {
  in_private_mounts([](std::string const& scratch) {
    attach_to(new_filesystem("tmpfs", "a", {{"ro", "", false}}, {}), made(scratch + "/a"));
    attach_to(new_filesystem("tmpfs", "b", {}, {MOUNT_ATTR_RDONLY, 0}), made(scratch + "/b"));
    CHECK(mountinfo::at(scratch + "/a")->super_options.substr(0, 2) == "ro");
    CHECK(mountinfo::at(scratch + "/b")->super_options.substr(0, 2) == "rw");
    CHECK(mountinfo::at(scratch + "/b")->has("ro"));
    for (char const* name : {"/a/x", "/b/x"})
      CHECK_THROWS_WITH(file::replace(scratch + name, "", 0644), Catch::Matchers::EndsWith("read-only file system"));
  });
}

TEST_CASE("mount: a procfs of processes only, and a devpts of its own") {
  in_private_mounts([](std::string const& scratch) {
    attach_to(new_filesystem("proc", "proc", {{"subset", "pid", true}}, {}), made(scratch + "/proc"));
    CHECK(exists(scratch + "/proc/self/status"));
    CHECK_FALSE(exists(scratch + "/proc/sys"));

    std::string const pts = made(scratch + "/pts");
    std::vector<FilesystemOption> const options{
        {"newinstance", "", false}, {"ptmxmode", "0666", true}, {"mode", "0620", true}, {"gid", "5", true}};
    attach_to(new_filesystem("devpts", "devpts", options, {}), pts);
    struct stat status;
    REQUIRE(stat((pts + "/ptmx").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0666);
    CHECK(mountinfo::at(pts)->super_options == "rw,gid=5,mode=620,ptmxmode=666");
  });
}

TEST_CASE("mount: a bad option is refused in the file system's own words") {
  in_private_mounts([](std::string const&) {
    auto const tmpfs = [](FilesystemOption const& option) {
      return failure_of([&] { new_filesystem("tmpfs", "t", {{"mode", "755", true}, option}, {}); });
    };
    CHECK(tmpfs({"size", "banana", true}) ==
          "fsconfig(\"size\", \"banana\") (tmpfs: Bad value for 'size'): invalid argument");
    CHECK(tmpfs({"nosuch", "", false}) == "fsconfig(\"nosuch\") (tmpfs: Unknown parameter 'nosuch'): invalid argument");
    CHECK(tmpfs({"uid", "-5", true}).find("uid") != std::string::npos);
    CHECK(failure_of([] { new_filesystem("nosuchfs", "", {}, {}); }) == "fsopen(\"nosuchfs\"): no such device");
  });
}

TEST_CASE("mount: a failed creation names type and source") {
  in_private_mounts([](std::string const&) {
    CHECK(failure_of([] { new_filesystem("ext4", "/no/such/disk", {}, {}); }) ==
          "fsconfig(FSCONFIG_CMD_CREATE, \"ext4\", \"/no/such/disk\")"
          " (/no/such/disk: Can't lookup blockdev): no such file or directory");
    // overlayfs complains in the kernel's log only.
    CHECK(failure_of([] { new_filesystem("overlay", "o", {{"lowerdir", "/no/such", true}}, {}); }) ==
          "fsconfig(\"lowerdir\", \"/no/such\"): no such file or directory");
  });
}

TEST_CASE("mount: a bind has what is below only if it is recursive") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    attach_to(clone_tree(tree, false), made(scratch + "/plain"));
    attach_to(clone_tree(tree, true), made(scratch + "/whole"));
    attach_to(clone_tree(target(tree), "tree", true), made(scratch + "/by_fd"));
    CHECK(file::read(scratch + "/plain/file") == "outer");
    CHECK_FALSE(exists(scratch + "/plain/sub/file"));
    CHECK(file::read(scratch + "/whole/sub/file") == "inner");
    CHECK(file::read(scratch + "/by_fd/sub/file") == "inner");
  });
}

TEST_CASE("mount: attached by name in a directory, through which no link is followed") {
  in_private_mounts([](std::string const& scratch) {
    std::filesystem::create_directories(scratch + "/own/point");
    std::filesystem::create_directories(scratch + "/elsewhere");
    std::filesystem::create_symlink("../elsewhere", scratch + "/own/link");
    Directory const own{target(scratch + "/own"), "/own"};
    attach_at(new_filesystem("tmpfs", "t", {}, {}), own, "point");
    CHECK(mountinfo::at(scratch + "/own/point")->source == "t");
    CHECK(failure_of([&] { attach_at(new_filesystem("tmpfs", "t", {}, {}), own, "nothing"); }) ==
          "move_mount(\"/own/nothing\"): no such file or directory");
    CHECK(failure_of([&] { attach_at(new_filesystem("tmpfs", "t", {}, {}), own, "link"); }) != "");
    CHECK_FALSE(mountinfo::at(scratch + "/elsewhere"));
  });
}

TEST_CASE("mount: a file is bound onto a file, and onto a directory it is refused") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    file::replace(scratch + "/point", "", 0644);
    attach_to(clone_tree(tree + "/file", true), scratch + "/point");
    CHECK(file::read(scratch + "/point") == "outer");
    CHECK(failure_of([&] { attach_to(clone_tree(tree + "/file", true), made(scratch + "/d")); }) ==
          "move_mount(\"" + scratch + "/d\"): not a directory");
  });
}

TEST_CASE("mount: an absent source is named") {
  in_private_mounts([](std::string const&) {
    CHECK(failure_of([] { clone_tree("/no/such", true); }) == "open_tree(\"/no/such\"): no such file or directory");
    CHECK(failure_of([] { clone_tree(-1, "shown", true); }) == "open_tree(\"shown\"): bad file descriptor");
  });
}

TEST_CASE("mount: attributes are set and cleared, below only if recursive") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    auto const change = [&](std::uint64_t set, std::uint64_t clear, bool recursive) {
      set_attributes(target(tree), {set, clear}, recursive, tree);
    };
    change(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0, false);
    CHECK(mountinfo::at(tree)->options == "ro,noexec,relatime");
    CHECK(mountinfo::at(tree + "/sub")->options == "rw,relatime");
    change(MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, true);
    CHECK(mountinfo::at(tree)->options == "rw,nosuid,noexec,relatime");
    CHECK(mountinfo::at(tree + "/sub")->options == "rw,nosuid,relatime");
    change(MOUNT_ATTR_RDONLY, 0, true);
    CHECK(mountinfo::at(tree + "/sub")->has("ro"));
    change(MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, false);
    CHECK(mountinfo::at(tree)->has("noatime"));
    CHECK_FALSE(mountinfo::at(tree)->has("relatime"));
    CHECK(failure_of([&] { change(MOUNT_ATTR_NOATIME, 0, false); }) ==
          "mount_setattr(\"" + tree + "\"): invalid argument");
  });
}

TEST_CASE("mount: attributes of a detached clone do not reach the original") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    Fd const clone = clone_tree(tree, true);
    set_attributes(clone, {MOUNT_ATTR_RDONLY, 0}, true, "clone");
    CHECK(mountinfo::at(tree)->has("rw"));
    attach_to(clone, made(scratch + "/clone"));
    CHECK(mountinfo::at(scratch + "/clone")->has("ro"));
    CHECK(mountinfo::at(scratch + "/clone/sub")->has("ro"));
  });
}

TEST_CASE("mount: propagation by path and by descriptor") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    set_propagation(tree, MS_SHARED, false);
    CHECK(mountinfo::at(tree)->propagation == "shared");
    CHECK(mountinfo::at(tree + "/sub")->propagation == "");
    set_propagation(tree, MS_SHARED, true);
    CHECK(mountinfo::at(tree + "/sub")->propagation == "shared");
    Fd const copy = clone_tree(tree, true);
    set_propagation(copy, MS_SLAVE, true, "copy");
    attach_to(copy, made(scratch + "/copy"));
    CHECK(mountinfo::at(scratch + "/copy")->propagation == "master");
    set_propagation(tree, MS_PRIVATE, true);
    CHECK(mountinfo::at(tree + "/sub")->propagation == "");
    set_propagation(tree, MS_UNBINDABLE, false);
    CHECK(mountinfo::at(tree)->propagation == "unbindable");
    CHECK(failure_of([&] { clone_tree(tree, false); }) == "open_tree(\"" + tree + "\"): invalid argument");
    CHECK(failure_of([] { set_propagation("/no/such", MS_PRIVATE, true); }) ==
          "mount_setattr(\"/no/such\"): no such file or directory");
  });
}

TEST_CASE("mount: an attached mount is moved") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    attach_to(target(tree), made(scratch + "/moved"));
    CHECK(file::read(scratch + "/moved/sub/file") == "inner");
    CHECK_FALSE(exists(tree + "/file"));
  });
}

TEST_CASE("mount: the target is what the descriptor leads to, whatever its name means now") {
  in_private_mounts([](std::string const& scratch) {
    Fd const opened = target(made(scratch + "/target"));
    std::filesystem::rename(scratch + "/target", scratch + "/renamed");
    std::filesystem::create_symlink("/etc", scratch + "/target");
    attach(new_filesystem("tmpfs", "t", {}, {}), opened, "target");
    CHECK(mountinfo::at(scratch + "/renamed"));
    CHECK_FALSE(mountinfo::at("/etc"));
  });
}

TEST_CASE("mount: a mount that is dropped before it is attached leaves nothing") {
  in_private_mounts([](std::string const& scratch) {
    std::string const tree = made_tree(scratch + "/tree");
    auto const before = file::read("/proc/self/mountinfo");
    { Fd const dropped = new_filesystem("tmpfs", "t", {}, {}); }
    { Fd const dropped = clone_tree(tree, true); }
    CHECK(file::read("/proc/self/mountinfo") == before);
    // The tree is not held either: it can be unmounted.
    CHECK(std::system(("umount " + tree + "/sub && umount " + tree).c_str()) == 0);
  });
}

TEST_CASE("mount: exactly the one that a descriptor stands for is taken off") {
  in_private_mounts([](std::string const& scratch) {
    Fd const descriptors = path::open_host("/proc/self/fd", O_PATH | O_DIRECTORY);
    std::string const place = made(scratch + "/t");
    attach_to(new_filesystem("tmpfs", "lower", {}, {}), place);
    Fd const lower = target(place);
    attach_to(new_filesystem("tmpfs", "upper", {}, {}), place);
    Fd const upper = target(place);
    CHECK(try_mount_at(upper));
    CHECK(try_mount_at(upper) != try_mount_at(lower));
    CHECK(failure_of([&] { detach(target(made(place + "/inside")), descriptors, "x"); }) ==
          "umount2(\"x\", MNT_DETACH): invalid argument");
    detach(upper, descriptors, place);
    REQUIRE(mountinfo::at(place));
    CHECK(mountinfo::at(place)->source == "lower");
    detach(lower, descriptors, place);
    CHECK_FALSE(mountinfo::at(place));
    CHECK_FALSE(try_mount_at(target(place)));
    CHECK(failure_of([&] { detach(lower, descriptors, "x"); }) == "umount2(\"x\", MNT_DETACH): invalid argument");
  });
}

TEST_CASE("mount: one on a file is taken off, too") {
  in_private_mounts([](std::string const& scratch) {
    Fd const descriptors = path::open_host("/proc/self/fd", O_PATH | O_DIRECTORY);
    file::replace(scratch + "/below", "below", 0644);
    file::replace(scratch + "/above", "above", 0644);
    attach_to(clone_tree(scratch + "/above", false), scratch + "/below");
    REQUIRE(file::read(scratch + "/below") == "above");
    detach(target(scratch + "/below"), descriptors, "below");
    CHECK(file::read(scratch + "/below") == "below");
  });
}
