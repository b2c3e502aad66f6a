#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/mount.hpp"
#include "orlop/kernel/procfs.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

using namespace orlop;
using harness::failure_of;

TEST_CASE("procfs: what covers /proc is not in the way") {
  harness::in_private_mounts([](std::string const&) {
    kernel::attach(kernel::new_filesystem("tmpfs", "fake", {}, {}), path::open_host("/proc/sys", O_PATH), "/proc/sys");
    file::replace("/proc/sys/fake", "x", 0644);
    Directory const procfs = kernel::open_procfs();
    CHECK_FALSE(kernel::try_open_in_procfs(procfs, "sys/fake", O_RDONLY).is_open());
    Fd const real = kernel::open_in_procfs(procfs, "sys/kernel/ostype", O_RDONLY);
    CHECK(file::read(real, "ostype") == "Linux\n");
  });
}

TEST_CASE("procfs: without one of our own, the mounts over /proc are refused") {
  harness::in_private_mounts([](std::string const&) {
    kernel::attach(kernel::new_filesystem("tmpfs", "fake", {}, {}), path::open_host("/proc/sys", O_PATH), "/proc/sys");
    file::replace("/proc/sys/fake", "x", 0644);
    if (unshare(CLONE_NEWUSER) < 0) harness::skip("no user namespace");
    Directory const procfs = kernel::open_procfs();
    CHECK(failure_of([&] { kernel::open_in_procfs(procfs, "sys/fake", O_RDONLY); }).find("invalid cross-device link") !=
          std::string::npos);
    CHECK(kernel::open_in_procfs(procfs, "self/status", O_RDONLY).is_open());
  });
}

TEST_CASE("procfs: a /proc that is none is refused, and so are ways out") {
  harness::in_private_mounts([](std::string const&) {
    Directory const good = kernel::open_procfs();
    CHECK(failure_of([&] { kernel::open_in_procfs(good, "../etc/passwd", O_RDONLY); }) != "");
    CHECK(failure_of([&] { kernel::open_in_procfs(good, "self/root/etc/passwd", O_RDONLY); }) != "");
    CHECK(failure_of([&] { kernel::open_in_procfs(good, "sys/nosuch", O_RDONLY); }) ==
          "openat2(\"/proc/sys/nosuch\"): no such file or directory");
    kernel::attach(kernel::new_filesystem("tmpfs", "fake", {}, {}), path::open_host("/proc", O_PATH), "/proc");
    if (unshare(CLONE_NEWUSER) < 0) harness::skip("no user namespace");
    CHECK(failure_of([] { kernel::open_procfs(); }) == "/proc is no procfs");
  });
}
