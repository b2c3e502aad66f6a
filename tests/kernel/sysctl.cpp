#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/sysctl.hpp"

#include <fcntl.h>
#include <sched.h>

using namespace orlop;

TEST_CASE("sysctl: a parameter of the own namespace is written") {
  harness::in_child([] {
    harness::need_root();
    if (unshare(CLONE_NEWIPC) < 0) harness::skip("no ipc namespace of its own");
    auto const set = [](kernel::Sysctl const& sysctl) {
      kernel::write_sysctl(path::open_host("/proc/sys/" + sysctl.path, O_WRONLY), sysctl);
    };
    set({"kernel.msgmax", "kernel/msgmax", "4321"});
    CHECK(file::read("/proc/sys/kernel/msgmax") == "4321\n");
    set({"kernel.sem", "kernel/sem", "32001 1024000001 501 32001"});
    CHECK(file::read("/proc/sys/kernel/sem") == "32001\t1024000001\t501\t32001\n");
    CHECK(harness::failure_of([&] { set({"", "kernel/msgmax", "many"}); }) ==
          "write(\"/proc/sys/kernel/msgmax\", \"many\"): invalid argument");
  });
}
