// What cgroups count, read from pretended trees: no machine has all of these files.
#include "harness/catch.hpp"

#include "orlop/kernel/cgroup_statistic.hpp"
#include "orlop/kernel/network_statistic.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <filesystem>

using namespace orlop;
using namespace orlop::kernel;

namespace {

class PretendedTrees {
public:
  PretendedTrees() {
    char name[] = "/tmp/orlop-statistic-XXXXXX";
    REQUIRE(mkdtemp(name));
    path_ = name;
  }
  ~PretendedTrees() { std::filesystem::remove_all(path_); }
  PretendedTrees(PretendedTrees const&) = delete;
  PretendedTrees& operator=(PretendedTrees const&) = delete;
  // A cgroup in a hierarchy of this name.
  void put(std::string const& hierarchy, std::string const& file, std::string const& text) {
    std::string const directory = path_ + "/" + hierarchy;
    if (std::filesystem::create_directory(directory)) directories_.push_back(directory);
    file::replace(directory + "/" + file, text, 0644);
  }
  CgroupStatistic read() const { return cgroup_statistic(directories_); }

private:
  std::string path_;
  std::vector<std::string> directories_;
};

using Numbers = std::vector<std::uint64_t>;

std::string shown(std::vector<IoCount> const& counts) {
  std::string text;
  for (auto const& count : counts)
    text += concat({text.empty() ? "" : "; ", count.major, ":", count.minor, " ", count.operation, " ", count.value});
  return text;
}

}  // namespace

TEST_CASE("cgroup statistic: nothing to read is nothing counted") {
  auto const all = cgroup_statistic({});
  CHECK(all.cpu.time.total == 0);
  CHECK(all.memory.raw.empty());
  CHECK_FALSE(all.memory.pressure);
  CHECK(all.huge_pages.empty());
  std::vector<std::string> const absent{"/no/such/cgroup"};
  CHECK(cgroup_statistic(absent).pids.current == 0);
}

TEST_CASE("cgroup statistic: version 1") {
  PretendedTrees trees;
  trees.put("cpuacct", "cpuacct.usage", "7000\n");
  trees.put("cpuacct", "cpuacct.stat", "user 3\nsystem 4\n");
  trees.put("cpuacct", "cpuacct.usage_percpu", "3000 4000 \n");
  trees.put("cpuacct", "cpuacct.usage_all", "cpu user system\n0 1 2\n1 3 4\n");
  trees.put("cpu", "cpu.shares", "1024\n");
  trees.put("cpu", "cpu.stat", "nr_periods 10\nnr_throttled 5\nthrottled_time 99\n");
  trees.put("cpuset", "cpuset.cpus", "0-2,7\n");
  trees.put("cpuset", "cpuset.mems", "0\n");
  trees.put("cpuset", "cpuset.sched_load_balance", "1\n");
  trees.put("cpuset", "cpuset.sched_relax_domain_level", "-1\n");
  trees.put("memory", "memory.usage_in_bytes", "100\n");
  trees.put("memory", "memory.limit_in_bytes", "200\n");
  trees.put("memory", "memory.max_usage_in_bytes", "150\n");
  trees.put("memory", "memory.failcnt", "2\n");
  trees.put("memory", "memory.memsw.usage_in_bytes", "110\n");
  trees.put("memory", "memory.stat", "cache 40\nrss 60\n");
  trees.put("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  trees.put("pids", "pids.max", "max\n");
  trees.put("pids", "pids.current", "4\n");
  trees.put("blkio", "blkio.throttle.io_serviced", "8:0 Read 5\n8:0 Total 5\nTotal 5\n");
  trees.put("blkio", "blkio.throttle.io_service_bytes", "8:0 Read 4096\nTotal 4096\n");
  trees.put("hugetlb", "hugetlb.2MB.limit_in_bytes", "9223372036854771712\n");
  trees.put("hugetlb", "hugetlb.2MB.usage_in_bytes", "2097152\n");
  trees.put("hugetlb", "hugetlb.2MB.max_usage_in_bytes", "4194304\n");
  trees.put("hugetlb", "hugetlb.2MB.failcnt", "1\n");
  auto const all = trees.read();
  CHECK(all.cpu.time.total == 7000);
  CHECK(all.cpu.time.user == 30'000'000);
  CHECK(all.cpu.time.kernel == 40'000'000);
  CHECK(all.cpu.time.of_each == Numbers{3000, 4000});
  CHECK(all.cpu.time.user_of_each == Numbers{1, 3});
  CHECK(all.cpu.time.kernel_of_each == Numbers{2, 4});
  CHECK(all.cpu.throttling.periods == 10);
  CHECK(all.cpu.throttling.throttled_periods == 5);
  CHECK(all.cpu.throttling.throttled_time == 99);
  CHECK(all.cpuset.cpus == std::vector<std::uint16_t>{0, 1, 2, 7});
  CHECK(all.cpuset.mems == std::vector<std::uint16_t>{0});
  CHECK(all.cpuset.sched_load_balance == 1);
  CHECK(all.cpuset.sched_relax_domain_level == -1);
  CHECK(all.memory.memory.usage == 100);
  CHECK(all.memory.memory.limit == 200);
  CHECK(all.memory.memory.peak == 150);
  CHECK(all.memory.memory.failures == 2);
  CHECK(all.memory.with_swap.usage == 110);
  CHECK_FALSE(all.memory.swap);
  CHECK(all.memory.cache == 40);
  CHECK(all.memory.raw == Counters{{"cache", 40}, {"rss", 60}});
  CHECK(all.memory.events == Counters{{"oom_kill_disable", 0}, {"under_oom", 0}, {"oom_kill", 3}});
  CHECK(all.pids.current == 4);
  CHECK(all.pids.limit == 0);
  CHECK(shown(all.io.operations) == "8:0 Read 5; 8:0 Total 5");
  CHECK(shown(all.io.bytes) == "8:0 Read 4096");
  REQUIRE(all.huge_pages.size() == 1);
  CHECK(all.huge_pages[0].first == "2MB");
  CHECK(all.huge_pages[0].second.usage == 2097152);
  CHECK(all.huge_pages[0].second.peak == 4194304);
  CHECK(all.huge_pages[0].second.failures == 1);
}

TEST_CASE("cgroup statistic: version 2") {
  PretendedTrees trees;
  trees.put("tree", "cgroup.events", "populated 1\nfrozen 0\n");
  trees.put("tree", "cpu.stat", "usage_usec 70\nuser_usec 30\nsystem_usec 40\nnr_periods 10\nnr_throttled 5\nthrottled_usec 9\n");
  trees.put("tree", "cpu.pressure", "some avg10=1.25 avg60=0.50 avg300=0.00 total=77\nfull avg10=0.10 avg60=0.00 avg300=0.00 total=7\n");
  trees.put("tree", "cpuset.cpus", "\n");
  trees.put("tree", "cpuset.cpus.effective", "0-1\n");
  trees.put("tree", "memory.current", "100\n");
  trees.put("tree", "memory.max", "200\n");
  trees.put("tree", "memory.peak", "150\n");
  trees.put("tree", "memory.swap.current", "10\n");
  trees.put("tree", "memory.swap.max", "300\n");
  trees.put("tree", "memory.swap.peak", "20\n");
  trees.put("tree", "memory.stat", "anon 60\nfile 40\n");
  trees.put("tree", "memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n");
  trees.put("tree", "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  trees.put("tree", "pids.max", "50\n");
  trees.put("tree", "pids.current", "4\n");
  trees.put("tree", "pids.peak", "9\n");
  trees.put("tree", "pids.events", "max 6\n");
  trees.put("tree", "io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:0 \n");
  trees.put("tree", "hugetlb.2MB.max", "max\n");
  trees.put("tree", "hugetlb.2MB.current", "1\n");
  trees.put("tree", "hugetlb.2MB.rsvd.max", "max\n");
  trees.put("tree", "hugetlb.2MB.rsvd.current", "2097152\n");
  trees.put("tree", "hugetlb.2MB.events", "max 3\n");
  auto const all = trees.read();
  CHECK(all.cpu.time.total == 70'000);
  CHECK(all.cpu.time.user == 30'000);
  CHECK(all.cpu.time.kernel == 40'000);
  CHECK(all.cpu.throttling.throttled_time == 9000);
  REQUIRE(all.cpu.pressure);
  CHECK(all.cpu.pressure->some.avg10.digits == "1.25");
  CHECK(all.cpu.pressure->some.avg60.digits == "0.50");
  CHECK(all.cpu.pressure->some.total == 77);
  CHECK(all.cpu.pressure->full.total == 7);
  CHECK(all.memory.pressure);
  CHECK_FALSE(all.io.pressure);
  CHECK(all.cpuset.cpus == std::vector<std::uint16_t>{0, 1});
  CHECK(all.memory.memory.usage == 100);
  CHECK(all.memory.memory.limit == 200);
  CHECK(all.memory.memory.peak == 150);
  CHECK(all.memory.memory.failures == 2);
  CHECK(all.memory.with_swap.usage == 110);
  CHECK(all.memory.with_swap.limit == 500);
  REQUIRE(all.memory.swap);
  CHECK(all.memory.swap->peak == 20);
  CHECK(all.memory.cache == 40);
  CHECK(all.memory.events == Counters{{"low", 0}, {"high", 1}, {"max", 2}, {"oom", 3}, {"oom_kill", 4}});
  CHECK(all.pids.limit == 50);
  CHECK(all.pids.peak == 9);
  CHECK(all.pids.events == Counters{{"max", 6}});
  CHECK(shown(all.io.bytes) == "8:16 Read 1; 8:16 Write 2; 8:16 Discard 5");
  CHECK(shown(all.io.operations) == "8:16 Read 3; 8:16 Write 4; 8:16 Discard 6");
  REQUIRE(all.huge_pages.size() == 1);
  CHECK(all.huge_pages[0].second.usage == 2097152);
  CHECK(all.huge_pages[0].second.failures == 3);
}

TEST_CASE("cgroup statistic: without a limit, and without pids") {
  PretendedTrees trees;
  trees.put("tree", "cgroup.events", "populated 1\n");
  trees.put("tree", "cgroup.procs", "12\n13\n");
  trees.put("tree", "memory.current", "100\n");
  trees.put("tree", "memory.max", "max\n");
  auto const all = trees.read();
  CHECK(all.pids.current == 2);
  CHECK(all.memory.memory.limit == no_limit);
  CHECK(all.memory.with_swap.limit == no_limit);
}

TEST_CASE("network statistic: all but the loopback") {
  constexpr char text[] =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
      "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0\n"
      "  eth0: 5000000      50    1    2    0     0          0         0     6000      60    3    4    0     0       0          0\n";
  auto const all = interface_statistics_in(text);
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "eth0");
  CHECK(all[0].received.bytes == 5000000);
  CHECK(all[0].received.dropped == 2);
  CHECK(all[0].sent.bytes == 6000);
  CHECK(all[0].sent.errors == 3);
  CHECK(interface_statistics(-1).empty());
}
