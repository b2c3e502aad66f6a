#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/kernel/memory_policy.hpp"
#include "orlop/kernel/scheduler.hpp"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

TEST_CASE("scheduler: policies that need no privilege") {
  in_child([] {
    set_scheduling({SCHED_BATCH, 0, 5, 0, 0, 0, 0});
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    CHECK(getpriority(PRIO_PROCESS, 0) == 5);
    set_scheduling({SCHED_IDLE, 1, 0, 0, 0, 0, 0});
    CHECK(sched_getscheduler(0) == (SCHED_IDLE | SCHED_RESET_ON_FORK));
  });
}

TEST_CASE("scheduler: what the kernel refuses is named with all its numbers") {
  in_child([] {
    CHECK(harness::failure_of([] { set_scheduling({SCHED_FIFO, 0, 0, 500, 0, 0, 0}); }) ==
          "sched_setattr(0, 1, 0, 0, 500, 0, 0, 0): invalid argument");
    CHECK(harness::failure_of([] { set_io_priority({7, 0}); }) == "ioprio_set(IOPRIO_WHO_PROCESS, 0, 7, 0): invalid argument");
  });
}

TEST_CASE("scheduler: io priority") {
  in_child([] {
    set_io_priority({2, 6});
    CHECK(syscall(SYS_ioprio_get, 1, 0) == (2 << 13 | 6));
    set_io_priority({3, 0});
    CHECK(syscall(SYS_ioprio_get, 1, 0) == 3 << 13);
  });
}

TEST_CASE("memory_policy: mode and nodes") {
  in_child([] {
    int mode = -1;
    if (syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0) < 0) harness::skip("no memory policies in this kernel");
    set_memory_policy({MPOL_BIND, {1}});
    unsigned long nodes[512] = {};
    REQUIRE(syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, nullptr, 0) == 0);
    CHECK(mode == MPOL_BIND);
    CHECK(nodes[0] == 1);
    set_memory_policy({MPOL_DEFAULT, {}});
    REQUIRE(syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0) == 0);
    CHECK(mode == MPOL_DEFAULT);
    CHECK(harness::failure_of([] { set_memory_policy({MPOL_BIND, {}}); }).find("invalid argument") != std::string::npos);
  });
}
