#include "cgroup_tree.hpp"
#include "harness/catch.hpp"
#include "harness/failure.hpp"

#include "orlop/kernel/cgroup_setting.hpp"
#include "orlop/kernel/cgroup.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using test::CgroupTree;

namespace {

// A directory that looks like a cgroup: real files, which refuse nothing.
class PretendedCgroup {
public:
  PretendedCgroup() {
    char name[] = "/tmp/orlop-settings-XXXXXX";
    REQUIRE(mkdtemp(name));
    path_ = name;
  }
  ~PretendedCgroup() { std::filesystem::remove_all(path_); }
  PretendedCgroup(PretendedCgroup const&) = delete;
  PretendedCgroup& operator=(PretendedCgroup const&) = delete;
  void put(std::string const& name, std::string const& text) const { file::replace(path_ + "/" + name, text, 0644); }
  std::string text(std::string const& name) const { return file::read(path_ + "/" + name); }
  CgroupSetting setting(std::string const& file, std::string const& value) const {
    CgroupSetting one;
    one.directory = path_;
    one.file = file;
    one.value = value;
    return one;
  }

private:
  std::string path_;
};

std::string value(std::string const& path) { return std::string{trimmed(file::read(path))}; }

// Two processors that we may use; fewer: a skipped test.
std::pair<int, int> two_processors() {
  cpu_set_t all;
  CPU_ZERO(&all);
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  std::vector<int> found;
  for (int i = 0; i < CPU_SETSIZE && found.size() < 2; ++i)
    if (CPU_ISSET(i, &all)) found.push_back(i);
  if (found.size() < 2) harness::skip("there is only one processor");
  return {found[0], found[1]};
}

void stay_on(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
}

// A process in the cgroup that has touched a page of its own there.
pid_t start_member(std::string const& directory, int processor) {
  int ready[2];
  REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
  pid_t const child = fork();
  if (child == 0) {
    stay_on(processor);
    file::write_existing(directory + "/cgroup.procs", std::to_string(getpid()));
    std::vector<char> const touched(16384, 'x');
    if (write(ready[1], touched.data(), 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

}  // namespace

TEST_CASE("cgroup setting: the other name, or nothing, where the file is not there") {
  PretendedCgroup const cgroup;
  cgroup.put("io.weight", "");
  auto weight = cgroup.setting("io.bfq.weight", "500");
  CHECK(failure_of([&] { write_settings({weight}); }).starts_with("write(\""));
  weight.where = "linux.resources.blockIO.weight";
  CHECK(failure_of([&] { write_settings({weight}); }).starts_with("linux.resources.blockIO.weight: write(\""));
  CHECK(failure_of([&] { write_settings({weight}); }).find("io.bfq.weight") != std::string::npos);
  weight.other_file = "io.weight";
  weight.other_value = "4950";
  write_settings({weight});
  CHECK(cgroup.text("io.weight") == "4950");
  auto swap = cgroup.setting("memory.swap.max", "0");
  swap.may_be_missing = true;
  CHECK_NOTHROW(write_settings({swap}));
}

TEST_CASE("cgroup setting: a limit below the usage") {
  PretendedCgroup const cgroup;
  cgroup.put("memory.current", "5000\n");
  cgroup.put("memory.max", "");
  auto limit = cgroup.setting("memory.max", "4999");
  limit.usage_file = "memory.current";
  CHECK(failure_of([&] { write_settings({limit}); }).find("checkBeforeUpdate") != std::string::npos);
  CHECK(cgroup.text("memory.max").empty());
  limit.value = "max";
  write_settings({limit});
  CHECK(cgroup.text("memory.max") == "max");
}

TEST_CASE("cgroup setting: the value that stands, as it is written again") {
  struct Row {
    char const *text, *key, *without, *expected;
  };
  constexpr Row rows[] = {
      {"max 100000\n", "", "", "max 100000"},
      {"\n", "", "", "\n"},
      {"oom_kill_disable 1\nunder_oom 0\n", "", "", "1"},
      {"8:0 rbps=1 wbps=max\n8:16 rbps=2\n", "8:16", "8:16 rbps=max", "8:16 rbps=2"},
      {"8:0 rbps=1\n", "8:16", "8:16 rbps=max", "8:16 rbps=max"},
      {"8:160 rbps=1\n", "8:16", "8:16 rbps=max", "8:16 rbps=max"},
  };
  PretendedCgroup const cgroup;
  for (auto const& row : rows) {
    cgroup.put("file", row.text);
    auto setting = cgroup.setting("file", "new");
    setting.key = row.key;
    setting.without = row.without;
    auto const now = current_setting(setting);
    REQUIRE(now);
    CHECK(now->value == row.expected);
  }
  CHECK_FALSE(current_setting(cgroup.setting("absent", "1")));
}

TEST_CASE("cgroup setting: limits that depend on each other, in any order") {
  CgroupTree const tree{CgroupTree::v1("memory")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/a"};
    make_cgroup(cgroup);
    auto const both = [&](char const* memory, char const* with_swap) {
      CgroupSetting one, two;
      one.directory = two.directory = cgroup.full();
      one.file = "memory.limit_in_bytes";
      one.value = memory;
      two.file = "memory.memsw.limit_in_bytes";
      two.value = with_swap;
      return std::vector{one, two};
    };
    for (auto const& [memory, with_swap] : {std::pair{"8388608", "16777216"}, {"33554432", "33554432"}, {"4194304", "4194304"}}) {
      write_settings(both(memory, with_swap));
      CHECK(value(cgroup.full() + "/memory.limit_in_bytes") == memory);
      CHECK(value(cgroup.full() + "/memory.memsw.limit_in_bytes") == with_swap);
    }
    std::string const failure = failure_of([&] { write_settings(both("8388608", "4194304")); });
    CHECK(failure.find("memory.limit_in_bytes\", \"8388608\"") != std::string::npos);
    CHECK(oom_kills(cgroup.full()) == 0);
  });
}

TEST_CASE("cgroup setting: a limit below what the kernel holds in reserve on another processor") {
  CgroupTree const tree{CgroupTree::v1("memory")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    auto const [ours, theirs] = two_processors();
    stay_on(ours);
    for (int i = 0; i < 5; ++i) {
      CgroupDirectory const cgroup{hierarchy, tree.name() + "/" + std::to_string(i)};
      make_cgroup(cgroup);
      pid_t const child = start_member(cgroup.full(), theirs);
      CgroupSetting limit;
      limit.directory = cgroup.full();
      limit.file = "memory.limit_in_bytes";
      limit.value = "196608";
      CHECK(failure_of([&] { write_settings({limit}); }) == "");
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  });
}
