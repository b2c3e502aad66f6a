#include "cgroup_tree.hpp"
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using test::CgroupTree;

namespace {

std::string value(std::string const& path) { return std::string{trimmed(file::read(path))}; }

bool exists(std::string const& path) { return std::filesystem::exists(path); }

// A process that enters the cgroup and stays; it has entered when this returns.
Child member(CgroupDirectory const& cgroup) {
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  Fd entered{pipes[0]};
  pid_t const pid = fork();
  if (pid == 0) {
    if (failure_of([&] { enter_cgroup(cgroup); }) == "") (void)!write(pipes[1], "x", 1);
    else _exit(1);
    for (;;) pause();
  }
  close(pipes[1]);
  char byte;
  REQUIRE(read(entered, &byte, 1) == 1);
  return Child{pid, std::move(*process::try_pidfd(pid))};
}

std::string line_for(pid_t pid, std::string const& prefix) {
  std::string const text = file::read(concat({"/proc/", pid, "/cgroup"}));
  for (auto const line : split(text, '\n'))
    if (line.find(prefix) != std::string_view::npos) return std::string{line};
  return "";
}

struct Kind {
  char const* name;
  CgroupHierarchy hierarchy;
  char const* prefix;  // of its line in /proc/PID/cgroup
};

// The same for every kind of hierarchy that this machine has.
void with_each_kind(
    std::function<void(CgroupHierarchy const&, std::string const& top, char const* prefix)> const& body) {
  for (Kind const& kind :
       {Kind{"v1 pids", CgroupTree::v1("pids"), ":pids:"}, Kind{"v1 cpuset", CgroupTree::v1("cpuset"), ":cpuset:"},
        Kind{"v2", CgroupTree::v2(), "0::"}}) {
    INFO(kind.name);
    CgroupTree const tree{kind.hierarchy};
    tree.use([&](CgroupHierarchy const& hierarchy) { body(hierarchy, tree.name(), kind.prefix); });
  }
}

}  // namespace

TEST_CASE("cgroup: delegation gives away what the kernel names, and no limits") {
  CgroupTree const tree{CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/given"};
    make_cgroup(cgroup);
    delegate_cgroup(cgroup.full(), 12345);
    auto const owner = [&](char const* name) {
      struct stat status{};
      REQUIRE(lstat((cgroup.full() + name).c_str(), &status) == 0);
      return status.st_uid;
    };
    for (char const* const name : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"}) CHECK(owner(name) == 12345);
    for (char const* const name : {"/cgroup.max.depth", "/cgroup.freeze", "/cgroup.kill"}) CHECK(owner(name) == 0);
  });
  harness::need_root();
  CHECK(failure_of([] { delegate_cgroup("/no/such", 1); }) == "chown(\"/no/such\", 1): no such file or directory");
}

TEST_CASE("cgroup: made with what is missing above, entered, left, removed") {
  with_each_kind([](CgroupHierarchy const& hierarchy, std::string const& top, char const* prefix) {
    CgroupDirectory const cgroup{hierarchy, top + "/a/b/c"};
    make_cgroup(cgroup);
    CHECK_NOTHROW(make_cgroup(cgroup));
    {
      Child const process = member(cgroup);
      CHECK(cgroup_processes(cgroup.full()) == std::vector<pid_t>{process.pid()});
      CHECK(line_for(process.pid(), prefix).find(top + "/a/b/c") != std::string::npos);
      CHECK_FALSE(try_remove_cgroup(hierarchy.mount + top + "/a", 1));
      CHECK(exists(cgroup.full()));
    }
    CHECK(cgroup_processes(cgroup.full()).empty());
    CHECK(try_remove_cgroup(hierarchy.mount + top + "/a", 1000));
    CHECK_FALSE(exists(hierarchy.mount + top + "/a"));
    CHECK(try_remove_cgroup(hierarchy.mount + top + "/a", 0));
  });
}

TEST_CASE("cgroup: all inside are killed, in sub-cgroups too") {
  with_each_kind([](CgroupHierarchy const& hierarchy, std::string const& top, char const*) {
    std::string const full = hierarchy.mount + top + "/k";
    make_cgroup({hierarchy, top + "/k/sub/deep"});
    CHECK_FALSE(kill_cgroup(full));
    Child here = member({hierarchy, top + "/k"}), deep = member({hierarchy, top + "/k/sub/deep"});
    CHECK(kill_cgroup(full));
    CHECK(process::exit_code(here.reap()) == 128 + SIGKILL);
    CHECK(process::exit_code(deep.reap()) == 128 + SIGKILL);
    CHECK_FALSE(kill_cgroup(full));
    CHECK(try_remove_cgroup(full, 1000));
    CHECK_FALSE(kill_cgroup(full));
  });
}

TEST_CASE("cgroup: a process in a sub-cgroup only is one that was there") {
  with_each_kind([](CgroupHierarchy const& hierarchy, std::string const& top, char const*) {
    make_cgroup({hierarchy, top + "/k/sub"});
    Child deep = member({hierarchy, top + "/k/sub"});
    CHECK(kill_cgroup(hierarchy.mount + top + "/k"));
    CHECK(process::exit_code(deep.reap()) == 128 + SIGKILL);
  });
}

TEST_CASE("cgroup: removal waits for those that are dying") {
  with_each_kind([](CgroupHierarchy const& hierarchy, std::string const& top, char const*) {
    CgroupDirectory const cgroup{hierarchy, top + "/w"};
    make_cgroup(cgroup);
    Child const process = member(cgroup);
    pid_t const killer = fork();
    if (killer == 0) {
      usleep(30'000);
      kill(process.pid(), SIGKILL);
      _exit(0);
    }
    Child const guard{killer, Fd{}};
    CHECK(try_remove_cgroup(cgroup.full(), 5000));
  });
}

TEST_CASE("cgroup: a v1 cpuset takes over what its parent has") {
  CgroupTree const tree{CgroupTree::v1("cpuset")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const top = hierarchy.mount + tree.name();
    CHECK(value(top + "/cpuset.cpus") == value(hierarchy.mount + "/cpuset.cpus"));
    file::write_existing(top + "/cpuset.cpus", "0");
    make_cgroup({hierarchy, tree.name() + "/a/b"});
    for (char const* name : {"/a", "/a/b"}) {
      CHECK(value(top + name + "/cpuset.cpus") == "0");
      CHECK(value(top + name + "/cpuset.mems") == value(hierarchy.mount + "/cpuset.mems"));
    }
  });
}

TEST_CASE("cgroup: a v1 cpuset that somebody left empty is filled on the way") {
  CgroupTree const tree{CgroupTree::v1("cpuset")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const top = hierarchy.mount + tree.name();
    // As another runtime leaves them for a moment, between its mkdir and its writes, or for ever if it is killed.
    for (char const* name : {"/above", "/above/parent", "/leaf"}) REQUIRE(mkdir((top + name).c_str(), 0755) == 0);
    make_cgroup({hierarchy, tree.name() + "/above/parent/new"});
    make_cgroup({hierarchy, tree.name() + "/leaf"});
    for (char const* name : {"/above/parent/new", "/leaf"}) {
      INFO(name);
      CHECK(value(top + name + "/cpuset.cpus") == value(top + "/cpuset.cpus"));
      CHECK(value(top + name + "/cpuset.mems") == value(top + "/cpuset.mems"));
      member({hierarchy, tree.name() + name});
    }
  });
}

TEST_CASE("cgroup: a v1 cpuset that has cpus already keeps them") {
  CgroupTree const tree{CgroupTree::v1("cpuset")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/own"};
    make_cgroup(cgroup);
    file::write_existing(cgroup.full() + "/cpuset.cpus", "0");
    make_cgroup(cgroup);
    make_cgroup({hierarchy, cgroup.path + "/below"});
    CHECK(value(cgroup.full() + "/cpuset.cpus") == "0");
    CHECK(value(cgroup.full() + "/below/cpuset.cpus") == "0");
  });
}

TEST_CASE("cgroup: only a cpuset is filled") {
  CgroupTree const tree{CgroupTree::v1("freezer")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    make_cgroup({hierarchy, tree.name() + "/a/b"});
    CHECK(exists(hierarchy.mount + tree.name() + "/a/b/tasks"));
  });
}

TEST_CASE("cgroup: the kernel's limit is told with a hint") {
  CgroupTree const tree{CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    file::write_existing(hierarchy.mount + tree.name() + "/cgroup.max.descendants", "0");
    try {
      make_cgroup({hierarchy, tree.name() + "/one"});
      FAIL("it was made");
    } catch (Error const& error) {
      CHECK(error.code() == EAGAIN);
      CHECK(error.hint().find("cgroup.max.descendants") != std::string::npos);
    }
  });
}

TEST_CASE("cgroup: where there is no hierarchy, or a read-only one") {
  harness::in_private_mounts([](std::string const& scratch) {
    CgroupHierarchy const absent{scratch + "/absent", "pids", {"pids"}, false};
    CHECK(failure_of([&] { make_cgroup({absent, "/a/b"}); }) ==
          "mkdir(\"" + scratch + "/absent/a/b\"): no such file or directory");
    CHECK(failure_of([&] { enter_cgroup({absent, "/a"}); }) ==
          "open(\"" + scratch + "/absent/a/tasks\"): no such file or directory");
    CHECK(failure_of([&] { open_cgroup({absent, "/a"}); }) ==
          "open(\"" + scratch + "/absent/a\"): no such file or directory");
    CHECK(cgroup_processes(scratch + "/absent").empty());
    CHECK_FALSE(kill_cgroup(scratch + "/absent"));
    CHECK(try_remove_cgroup(scratch + "/absent", 0));
    CgroupHierarchy const locked{scratch, "pids", {"pids"}, false};
    std::filesystem::create_directories(scratch + "/there/below");
    REQUIRE(mount("", scratch.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
    CHECK(failure_of([&] { make_cgroup({locked, "/a"}); }) == "mkdir(\"" + scratch + "/a\"): read-only file system");
    CHECK(failure_of([&] { try_remove_cgroup(scratch + "/there/below", 0); }) ==
          "rmdir(\"" + scratch + "/there/below\"): read-only file system");
  });
}

TEST_CASE("cgroup: which file takes a process, and what") {
  harness::in_private_mounts([](std::string const& scratch) {
    for (char const* name : {"/tasks", "/cgroup.procs"}) file::replace(scratch + name, "", 0644);
    enter_cgroup({{scratch, "pids", {"pids"}, false}, ""});
    CHECK(file::read(scratch + "/tasks") == "0");
    CHECK(file::read(scratch + "/cgroup.procs") == "");
    enter_cgroup({{scratch, "", {}, true}, ""});
    CHECK(file::read(scratch + "/cgroup.procs") == "0");
  });
}

TEST_CASE("cgroup: pids of another pid namespace are shown as 0, and nobody's") {
  harness::in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/cgroup.procs", "12\n0\n345\n0\n", 0644);
    CHECK(cgroup_processes(scratch) == std::vector<pid_t>{12, 345});
  });
}

TEST_CASE("cgroup: one that is removed while it is read has no processes") {
  with_each_kind([](CgroupHierarchy const& hierarchy, std::string const& top, char const*) {
    CgroupDirectory const cgroup{hierarchy, top + "/gone"};
    pid_t const maker = fork();
    if (maker == 0)
      for (;;) {
        mkdir(cgroup.full().c_str(), 0755);
        rmdir(cgroup.full().c_str());
      }
    Child const guard{maker, Fd{}};
    CHECK(failure_of([&] {
            for (int i = 0; i < 2000; ++i) (void)cgroup_processes(cgroup.full());
          }) == "");
  });
}

TEST_CASE("cgroup: a container may have made threaded cgroups") {
  CgroupTree const tree{CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const top = tree.name() + "/web";
    make_cgroup({hierarchy, top + "/threads"});
    Child process = member({hierarchy, top});
    file::write_existing(hierarchy.mount + top + "/threads/cgroup.type", "threaded");
    CHECK(cgroup_processes(hierarchy.mount + top + "/threads").empty());
    CHECK(cgroup_processes(hierarchy.mount + top) == std::vector<pid_t>{process.pid()});
    CHECK(kill_cgroup(hierarchy.mount + top));
    CHECK(process::exit_code(process.reap()) == 128 + SIGKILL);
    CHECK(try_remove_cgroup(hierarchy.mount + top, 1000));
  });
}
