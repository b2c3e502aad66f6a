#include "cgroup_tree.hpp"
#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/kernel/oom_watch.hpp"

#include "orlop/base/file.hpp"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

using namespace orlop;
using namespace orlop::kernel;
using test::CgroupTree;

namespace {

bool waits(OomWatch const& watch, int milliseconds) {
  pollfd waiting{watch.descriptor(), POLLIN, 0};
  return poll(&waiting, 1, milliseconds) == 1;
}

// A process that takes more than the cgroup gives, and is killed.
void run_out_of_memory(CgroupDirectory const& cgroup) {
  pid_t const child = fork();
  if (child == 0) {
    enter_cgroup(cgroup);
    std::size_t const size = 64 << 20;
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memset(memory, 1, size);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
}

}  // namespace

TEST_CASE("oom watch: a cgroup whose memory is not counted tells nothing") {
  std::vector<std::string> const none{"/no/such/cgroup"};
  OomWatch watch{none};
  CHECK(watch.descriptor() == -1);
  CHECK_FALSE(watch.has_news());
}

TEST_CASE("oom watch: version 1, by an eventfd") {
  CgroupTree const tree{CgroupTree::v1("memory")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/oom"};
    make_cgroup(cgroup);
    file::write_existing(cgroup.full() + "/memory.limit_in_bytes", "8388608");
    file::try_write_existing(cgroup.full() + "/memory.memsw.limit_in_bytes", "8388608");
    std::vector<std::string> const directories{cgroup.full()};
    OomWatch watch{directories};
    CHECK_FALSE(watch.has_news());
    for (int i = 0; i < 2; ++i) {
      run_out_of_memory(cgroup);
      CHECK(waits(watch, 2000));
      CHECK(watch.has_news());
      CHECK_FALSE(watch.has_news());
    }
    CHECK(try_remove_cgroup(cgroup.full(), 1000));
    waits(watch, 1000);
    CHECK_FALSE(watch.has_news());
  });
}

TEST_CASE("oom watch: version 2, by inotify, in a pretended tree") {
  char name[] = "/tmp/orlop-oom-XXXXXX";
  REQUIRE(mkdtemp(name));
  std::vector<std::string> const directories{name};
  std::string const path = std::string{name} + "/memory.events";
  file::replace(path, "low 0\noom 0\noom_kill 1\n", 0644);
  OomWatch watch{directories};
  CHECK_FALSE(waits(watch, 0));
  file::write_existing(path, "low 1\noom 0\noom_kill 1\n");
  CHECK(waits(watch, 1000));
  CHECK_FALSE(watch.has_news());
  CHECK_FALSE(waits(watch, 0));
  file::write_existing(path, "low 1\noom 1\noom_kill 2\n");
  CHECK(waits(watch, 1000));
  CHECK(watch.has_news());
  CHECK_FALSE(watch.has_news());
  std::filesystem::remove_all(name);
  CHECK_FALSE(watch.has_news());
}
