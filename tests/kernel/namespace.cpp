#include "cgroup_tree.hpp"
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/cgroup.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/time_namespace.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <ctime>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

namespace {

struct Row {
  std::uint64_t flag;
  char const* file;
  char const* name;
};
Row const rows[] = {
    {CLONE_NEWUSER, "user", "CLONE_NEWUSER"}, {CLONE_NEWPID, "pid", "CLONE_NEWPID"},
    {CLONE_NEWNS, "mnt", "CLONE_NEWNS"},      {CLONE_NEWUTS, "uts", "CLONE_NEWUTS"},
    {CLONE_NEWIPC, "ipc", "CLONE_NEWIPC"},    {CLONE_NEWNET, "net", "CLONE_NEWNET"},
    {CLONE_NEWCGROUP, "cgroup", "CLONE_NEWCGROUP"}, {CLONE_NEWTIME, "time", "CLONE_NEWTIME"},
};

std::string id_of(std::string const& process, char const* name) {
  return std::filesystem::read_symlink("/proc/" + process + "/ns/" + name);
}

std::optional<Child> paused(std::uint64_t namespaces, int cgroup = -1) {
  auto child = clone_into(namespaces, cgroup);
  if (!child)
    for (;;) pause();
  return child;
}

// The ids that differ from ours are those that were asked for.
void check_ids(std::string const& process, std::uint64_t namespaces) {
  for (Row const& row : rows) {
    INFO(row.name);
    CHECK((id_of(process, row.file) != id_of("self", row.file)) == ((namespaces & row.flag) != 0));
  }
}

}  // namespace

TEST_CASE("namespace: a child is born into the new ones and no others") {
  in_child([] {
    harness::need_root();
    std::uint64_t all = 0;
    for (Row const& row : rows) {
      auto const child = paused(row.flag);
      check_ids(std::to_string(child->pid()), row.flag);
      all |= row.flag;
    }
    auto const none = paused(0);
    check_ids(std::to_string(none->pid()), 0);
    auto const every = paused(all);
    check_ids(std::to_string(every->pid()), all);
  });
}

TEST_CASE("namespace: the child goes on in the caller's frame, with a copy of its memory") {
  in_child([] {
    harness::need_root();
    int value = 1;
    auto child = clone_into(CLONE_NEWPID, -1);
    if (!child) {
      bool const is_first = getpid() == 1;
      value = is_first ? 42 : 43;
      _exit(value);
    }
    CHECK(process::exit_code(child->reap()) == 42);
    CHECK(value == 1);
  });
}

TEST_CASE("namespace: the child comes with a pidfd that closes on exec") {
  in_child([] {
    harness::need_root();
    auto child = paused(CLONE_NEWUTS);
    REQUIRE(child->pidfd() >= 0);
    CHECK((fcntl(child->pidfd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_FALSE(process::wait_for_end(child->pidfd(), 0));
    CHECK(process::try_signal(child->pidfd(), SIGKILL) == 0);
    CHECK(process::wait_for_end(child->pidfd(), 5000));
    CHECK(process::exit_code(child->reap()) == 128 + SIGKILL);
  });
}

TEST_CASE("namespace: a child is born into a v2 cgroup") {
  test::CgroupTree const tree{test::CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/born"};
    make_cgroup(cgroup);
    auto const child = paused(CLONE_NEWPID | CLONE_NEWNS, open_cgroup(cgroup));
    CHECK(cgroup_processes(cgroup.full()) == std::vector<pid_t>{child->pid()});
    check_ids(std::to_string(child->pid()), CLONE_NEWPID | CLONE_NEWNS);
  });
}

TEST_CASE("namespace: a v2 cgroup that takes no process is named as the cause") {
  test::CgroupTree const tree{test::CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const threaded{hierarchy, tree.name() + "/threaded"}, invalid{hierarchy, tree.name() + "/invalid"};
    for (auto const* cgroup : {&threaded, &invalid}) make_cgroup(*cgroup);
    file::write_existing(threaded.full() + "/cgroup.type", "threaded");  // which makes its sibling "domain invalid"
    CHECK(harness::failure_of([&] { paused(CLONE_NEWUTS, open_cgroup(invalid)); }) ==
          "clone3(CLONE_NEWUTS|CLONE_INTO_CGROUP): operation not supported");
  });
}

TEST_CASE("namespace: unshared later") {
  in_child([] {
    harness::need_root();
    std::string const before = id_of("self", "uts"), pid_before = id_of("self", "pid");
    unshare_namespaces(CLONE_NEWUTS | CLONE_NEWIPC);
    CHECK(id_of("self", "uts") != before);
    CHECK(id_of("self", "pid") == pid_before);
    CHECK_NOTHROW(unshare_namespaces(0));
  });
}

TEST_CASE("namespace: what the kernel refuses is named with its flags") {
  in_child([] {
    if (setresuid(65534, 65534, 65534) < 0) harness::skip("needs another uid");
    CHECK(harness::failure_of([] { paused(CLONE_NEWPID | CLONE_NEWNET); }) ==
          "clone3(CLONE_NEWPID|CLONE_NEWNET): operation not permitted");
    CHECK(harness::failure_of([] { unshare_namespaces(CLONE_NEWNS); }) ==
          "unshare(CLONE_NEWNS): operation not permitted");
    CHECK(harness::failure_of([] { paused(1ULL << 60); }) == "clone3(0): invalid argument");
  });
}

TEST_CASE("namespace: a limit of the user namespace is the hint") {
  in_child([] {
    harness::need_root();
    unshare_namespaces(CLONE_NEWUSER);
    file::write_existing("/proc/sys/user/max_net_namespaces", "0");
    try {
      unshare_namespaces(CLONE_NEWUTS | CLONE_NEWNET);
      FAIL("a namespace more than allowed");
    } catch (Error const& error) {
      CHECK(error.code() == ENOSPC);
      CHECK(error.hint() == "/proc/sys/user/max_net_namespaces is 0");
    }
  });
}

TEST_CASE("namespace: joined by a file whose kind is proven") {
  in_child([] {
    harness::need_root();
    for (Row const& row : rows) {
      if (row.flag == CLONE_NEWUSER || row.flag == CLONE_NEWPID || row.flag == CLONE_NEWNS) continue;
      INFO(row.name);
      CHECK(namespace_file(row.flag) == std::string_view{row.file});
      auto const child = paused(row.flag);
      std::string const path = concat({"/proc/", child->pid(), "/ns/", row.file});
      Fd const fd = open_namespace(path, row.flag);
      CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
      join_namespace(fd, row.flag);
      CHECK(id_of("self", row.file) == id_of(std::to_string(child->pid()), row.file));
    }
  });
}

TEST_CASE("namespace: what is no namespace of that kind is refused, and opening it does not wait") {
  in_child([] {
    char fifo[] = "/tmp/orlop-fifo-XXXXXX";
    REQUIRE(mkdtemp(fifo));
    std::string const path = std::string{fifo} + "/f";
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    CHECK(harness::failure_of([&] { open_namespace(path, CLONE_NEWNET); }) == path + " is no namespace");
    std::filesystem::remove_all(fifo);
    CHECK(harness::failure_of([] { open_namespace("/proc/self/ns/uts", CLONE_NEWNET); }) ==
          "/proc/self/ns/uts is a namespace of another kind (uts)");
    CHECK(harness::failure_of([] { open_namespace("/proc/self/ns/nothing", CLONE_NEWNET); }) ==
          "open(\"/proc/self/ns/nothing\"): no such file or directory");
  });
}

TEST_CASE("namespace: children are born into another pid namespace, and then at home again") {
  in_child([] {
    harness::need_root();
    auto const donor = paused(CLONE_NEWPID);
    std::string const there = id_of(std::to_string(donor->pid()), "pid"), home = id_of("self", "pid");
    {
      ChildrenElsewhere elsewhere;
      elsewhere.enter(open_namespace(concat({"/proc/", donor->pid(), "/ns/pid"}), CLONE_NEWPID), CLONE_NEWPID);
      CHECK(id_of(std::to_string(paused(0)->pid()), "pid") == there);
      elsewhere.end();
      CHECK(id_of(std::to_string(paused(0)->pid()), "pid") == home);
    }
    {
      ChildrenElsewhere left;
      left.enter(open_namespace(concat({"/proc/", donor->pid(), "/ns/pid"}), CLONE_NEWPID), CLONE_NEWPID);
      left.enter(open_namespace(concat({"/proc/", paused(CLONE_NEWUTS)->pid(), "/ns/uts"}), CLONE_NEWUTS), CLONE_NEWUTS);
    }
    CHECK(id_of(std::to_string(paused(0)->pid()), "pid") == home);
  });
}

TEST_CASE("namespace: a time namespace gets its offsets, and we are in it") {
  in_child([] {
    harness::need_root();
    timespec before{}, after{};
    std::string const home = id_of("self", "time");
    clock_gettime(CLOCK_BOOTTIME, &before);
    unshare_namespaces(CLONE_NEWTIME);
    write_time_offsets(0, {{Clock::boottime, 86400, 0}, {Clock::monotonic, -1, 5}});
    enter_new_time();
    clock_gettime(CLOCK_BOOTTIME, &after);
    CHECK(after.tv_sec - before.tv_sec >= 86400);
    CHECK(after.tv_sec - before.tv_sec < 86400 + 60);
    CHECK(id_of("self", "time") != home);
    unshare_namespaces(CLONE_NEWTIME);
    CHECK(harness::failure_of([] { write_time_offsets(getpid(), {{Clock::boottime, -1'000'000'000'000, 0}}); }) ==
          concat({"write(\"/proc/", getpid(), "/timens_offsets\", \"boottime -1000000000000 0?\"): numerical result out of range"}));
  });
}
