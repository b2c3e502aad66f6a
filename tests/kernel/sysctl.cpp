#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/kernel/procfs.hpp"
#include "orlop/kernel/sysctl.hpp"

#include <sched.h>

using namespace orlop;

TEST_CASE("sysctl: a parameter of the own namespace is written, and others fail") {
  harness::in_child([] {
    harness::need_root();
    if (unshare(CLONE_NEWIPC) < 0) harness::skip("no ipc namespace of its own");
    Directory const procfs = kernel::open_procfs();
    kernel::set_sysctl(procfs, {"kernel.msgmax", "kernel/msgmax", "4321"});
    CHECK(file::read("/proc/sys/kernel/msgmax") == "4321\n");
    kernel::set_sysctl(procfs, {"kernel.sem", "kernel/sem", "32001 1024000001 501 32001"});
    CHECK(file::read("/proc/sys/kernel/sem") == "32001\t1024000001\t501\t32001\n");
    CHECK(harness::failure_of([&] { kernel::set_sysctl(procfs, {"", "kernel/msgmax", "many"}); }) ==
          "write(\"/proc/sys/kernel/msgmax\", \"many\"): invalid argument");
    try {
      kernel::set_sysctl(procfs, {"", "net/nosuch", "1"});
      FAIL_CHECK("is not refused");
    } catch (Error const& error) {
      CHECK(error.code() == ENOENT);
      CHECK(error.hint() != "");
    }
  });
}
