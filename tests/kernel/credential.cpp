#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "status.hpp"

#include "orlop/base/fd.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/credential.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;
using harness::in_private_mounts;
using test::status_bits;
using test::status_field;

namespace {

struct stat status_of(std::string const& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status;
}

void use_as(int number, std::string const& path, int flags) {
  REQUIRE(dup2(path::open_host(path, flags), number) == number);
}

}  // namespace

TEST_CASE("credential: all ids change, groups are exact, the permitted capabilities stay") {
  in_child([] {
    harness::need_root();
    auto const permitted = status_bits("CapPrm");
    become({1234, 2345, {7, 5, 4000000}});
    CHECK(status_field("Uid") == "1234\t1234\t1234\t1234");
    CHECK(status_field("Gid") == "2345\t2345\t2345\t2345");
    CHECK(status_field("Groups") == "5 7 4000000");
    CHECK(status_bits("CapPrm") == permitted);
    CHECK(status_bits("CapEff") == 0);
    CHECK(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0);
  });
}

TEST_CASE("credential: root stays root, the caller's groups go") {
  in_child([] {
    harness::need_root();
    gid_t const callers[] = {10, 20};
    REQUIRE(syscall(SYS_setgroups, 2, callers) == 0);
    auto const effective = status_bits("CapEff");
    become({0, 0, {}});
    CHECK(status_field("Groups") == "");
    CHECK(status_bits("CapEff") == effective);
  });
}

TEST_CASE("credential: what the kernel refuses is named") {
  in_child([] {
    harness::need_root();
    become({1234, 1234, {}});
    CHECK(harness::failure_of([] { become({0, 0, {}}); }) == "setgroups(0): operation not permitted");
  });
  in_child([] {
    REQUIRE(unshare(CLONE_NEWUSER) == 0);  // without maps no id exists
    CHECK(harness::failure_of([] { become({5, 6, {}}); }) == "setgroups(0): operation not permitted");
  });
}

TEST_CASE("credential: the standard files go to the user and its group") {
  in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/in", "", 0644);
    file::replace(scratch + "/out", "", 0644);
    REQUIRE(chown((scratch + "/out").c_str(), 0, 77) == 0);
    use_as(0, scratch + "/in", O_RDONLY);
    use_as(1, scratch + "/out", O_WRONLY);
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    REQUIRE(dup2(pipes[1], 2) == 2);
    own_stdio(1234, 99);
    CHECK(status_of(scratch + "/in").st_uid == 1234);
    CHECK(status_of(scratch + "/out").st_uid == 1234);
    CHECK(status_of(scratch + "/out").st_gid == 99);
    struct stat status;
    REQUIRE(fstat(2, &status) == 0);
    CHECK(status.st_uid == 1234);
  });
}

TEST_CASE("credential: the null device, a terminal and files that refuse are left alone") {
  in_private_mounts([](std::string const& scratch) {
    REQUIRE(mknod((scratch + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
    REQUIRE(mkdir((scratch + "/pts").c_str(), 0755) == 0);
    REQUIRE(mount("devpts", (scratch + "/pts").c_str(), "devpts", 0, "newinstance,ptmxmode=666") == 0);
    REQUIRE(mkdir((scratch + "/ro").c_str(), 0755) == 0);
    REQUIRE(mount("ro", (scratch + "/ro").c_str(), "tmpfs", 0, nullptr) == 0);
    file::replace(scratch + "/ro/file", "", 0644);
    REQUIRE(mount("", (scratch + "/ro").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    use_as(0, scratch + "/null", O_RDWR);
    use_as(1, scratch + "/pts/ptmx", O_RDWR | O_NOCTTY);
    use_as(2, scratch + "/ro/file", O_RDONLY);
    CHECK_NOTHROW(own_stdio(1234, 99));
    CHECK(status_of(scratch + "/null").st_uid == 0);
    CHECK(status_of(scratch + "/pts/ptmx").st_uid == 0);
    CHECK(status_of(scratch + "/ro/file").st_uid == 0);
  });
}

TEST_CASE("credential: a standard file that the caller closed is no error") {
  in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/out", "", 0644);
    use_as(1, scratch + "/out", O_WRONLY);
    close(0);
    close(2);
    CHECK_NOTHROW(own_stdio(1234, 99));
    CHECK(status_of(scratch + "/out").st_uid == 1234);
  });
}

TEST_CASE("credential: an id that the user namespace does not have is no error for the standard files") {
  in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/out", "", 0644);
    use_as(1, scratch + "/out", O_WRONLY);
    REQUIRE(unshare(CLONE_NEWUSER) == 0);
    CHECK_NOTHROW(own_stdio(1234, 99));
    CHECK(status_of(scratch + "/out").st_uid == 65534);
  });
}
