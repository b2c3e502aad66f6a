// update: what is written for new resources, and what is remembered of them.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/base/text.hpp"
#include "orlop/plan/update.hpp"

namespace plan_test {

namespace {

using oci::LinuxResources;
using Change = void (*)(LinuxResources& resources);

orlop::plan::Update update_on(char const* layout, LinuxResources const& before, LinuxResources const& wanted) {
  oci::Spec spec = base_spec();
  spec.linux_config->cgroups_path = "/web/1";
  Table::Answers answers;
  answers.cgroup_hierarchies = cgroup_layout(layout);
  answers.unified_controllers = all_controllers();
  Table host{answers};
  return orlop::plan::make_update(spec, before, wanted, host, "web1");
}

orlop::plan::Update update_on(char const* layout, Change before, Change wanted) {
  LinuxResources old_ones, new_ones;
  before(old_ones);
  wanted(new_ones);
  return update_on(layout, old_ones, new_ones);
}

std::string settings_text(orlop::plan::Update const& update) {
  std::string text;
  for (auto const& setting : update.cgroup.settings)
    text += orlop::concat({text.empty() ? "" : "; ", setting.file, " ", setting.value});
  return text;
}

struct Row {
  char const *layout, *expected;
  Change before, wanted;
};
void nothing(LinuxResources&) {}

// clang-format off
constexpr Row rows[] = {
    {"v2", "", [](LinuxResources& r) { r.memory.emplace().limit = 100; }, nothing},
    {"v2", "pids.max 5", [](LinuxResources& r) { r.memory.emplace().limit = 100; }, [](LinuxResources& r) { r.pids.emplace().limit = 5; }},
    {"v2", "memory.max 100; memory.swap.max 200", [](LinuxResources& r) { r.memory.emplace().limit = 100; }, [](LinuxResources& r) { r.memory.emplace().swap = 300; }},
    {"v2", "memory.max 150; memory.swap.max 150", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = 300; }, [](LinuxResources& r) { r.memory.emplace().limit = 150; }},
    {"v1-all", "memory.limit_in_bytes 150; memory.memsw.limit_in_bytes 300", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = 300; }, [](LinuxResources& r) { r.memory.emplace().limit = 150; }},
    {"v2", "memory.max max; memory.swap.max max", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = 300; }, [](LinuxResources& r) { r.memory.emplace().limit = -1; }},
    {"v2", "memory.max 150; memory.swap.max max", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = 300; }, [](LinuxResources& r) { r.memory.emplace().limit = 150; r.memory->swap = -1; }},
    {"v2", "cpu.max 5000 50000", [](LinuxResources& r) { r.cpu.emplace().quota = 5000; }, [](LinuxResources& r) { r.cpu.emplace().period = 50000; }},
    {"v2", "cpu.max 5000", [](LinuxResources& r) { r.cpu.emplace().period = 50000; }, [](LinuxResources& r) { r.cpu.emplace().quota = 5000; }},
    {"v1-all", "cpu.rt_period_us 500000; cpu.rt_runtime_us 1000", [](LinuxResources& r) { r.cpu.emplace().shares = 512; }, [](LinuxResources& r) { r.cpu.emplace().realtime_period = 500000; r.cpu->realtime_runtime = 1000; }},
    {"v1-all", "cpu.rt_runtime_us 2000", [](LinuxResources& r) { r.cpu.emplace().realtime_period = 500000; }, [](LinuxResources& r) { r.cpu.emplace().realtime_runtime = 2000; }},
    {"v1-all", "cpu.cfs_burst_us 5000", [](LinuxResources& r) { r.cpu.emplace().quota = 20000; }, [](LinuxResources& r) { r.cpu.emplace().burst = 5000; }},
    {"v2", "cpu.max.burst 5000", [](LinuxResources& r) { r.cpu.emplace().quota = 20000; }, [](LinuxResources& r) { r.cpu.emplace().burst = 5000; }},
    {"v1-all", "cpu.idle 1", [](LinuxResources& r) { r.cpu.emplace().shares = 512; }, [](LinuxResources& r) { r.cpu.emplace().idle = 1; }},
    {"v2", "cpu.idle 0; cpu.weight 59", [](LinuxResources& r) { r.cpu.emplace().shares = 512; r.cpu->idle = 1; }, [](LinuxResources& r) { r.cpu.emplace().idle = 0; }},
};
// clang-format on

}  // namespace

TEST_CASE("update: what is written") {
  for (auto const& row : rows) {
    INFO(row.layout << ": " << row.expected);
    CHECK(settings_text(update_on(row.layout, row.before, row.wanted)) == row.expected);
  }
}

TEST_CASE("update: what is not named is remembered") {
  auto const update = update_on(
      "v2",
      [](LinuxResources& r) {
        r.memory.emplace().limit = 100;
        r.memory->reservation = 50;
        r.cpu.emplace().shares = 512;
        r.unified = {{"memory.high", "70"}, {"pids.max", "9"}};
        r.devices = {{true, "c", 1, 11, "r"}};
      },
      [](LinuxResources& r) {
        r.memory.emplace().limit = 200;
        r.cpu.emplace().cpus = "0";
        r.unified = {{"pids.max", "10"}};
      });
  CHECK(update.resources.memory->limit == 200);
  CHECK(update.resources.memory->reservation == 50);
  CHECK(update.resources.cpu->shares == 512U);
  CHECK(update.resources.cpu->cpus == "0");
  CHECK(update.resources.unified == oci::StringMap{{"memory.high", "70"}, {"pids.max", "10"}});
  CHECK(update.resources.devices.size() == 1);
  CHECK_FALSE(update.changes_devices);
}

TEST_CASE("update: limits of single things stay beside those of others") {
  auto const update = update_on(
      "v1-all",
      [](LinuxResources& r) {
        r.block_io.emplace().throttle_read_bps_device = {{8, 0, 100}, {8, 16, 200}};
        r.block_io->weight_device = {{8, 0, 100, {}}};
        r.hugepage_limits = {{"2MB", 1}, {"1GB", 2}};
        r.network.emplace().priorities = {{"lo", 1}, {"eth0", 2}};
      },
      [](LinuxResources& r) {
        r.block_io.emplace().throttle_read_bps_device = {{8, 16, 300}};
        r.block_io->weight_device = {{8, 16, 200, {}}};
        r.hugepage_limits = {{"2MB", 3}};
        r.network.emplace().priorities = {{"lo", 3}};
      });
  auto const& all = update.resources;
  CHECK(all.block_io->throttle_read_bps_device == std::vector<oci::LinuxThrottleDevice>{{8, 0, 100}, {8, 16, 300}});
  CHECK(all.block_io->weight_device == std::vector<oci::LinuxWeightDevice>{{8, 0, 100, {}}, {8, 16, 200, {}}});
  CHECK(all.hugepage_limits == std::vector<oci::LinuxHugepageLimit>{{"1GB", 2}, {"2MB", 3}});
  CHECK(all.network->priorities == std::vector<oci::LinuxInterfacePriority>{{"eth0", 2}, {"lo", 3}});
}

TEST_CASE("update: devices change only if they differ") {
  LinuxResources before, wanted;
  before.devices = wanted.devices = {{true, "c", 1, 11, "r"}};
  CHECK_FALSE(update_on("v2", before, wanted).changes_devices);
  wanted.devices.push_back({true, "c", 1, 12, "r"});
  auto const update = update_on("v2", before, wanted);
  CHECK(update.changes_devices);
  CHECK(update.cgroup.devices.size() == update.devices_before.size() + 1);
}

TEST_CASE("update: a limit of memory past that of both together") {
  CHECK_THROWS_WITH(update_on("v2",
                              [](LinuxResources& r) {
                                r.memory.emplace().limit = 100;
                                r.memory->swap = 300;
                              },
                              [](LinuxResources& r) { r.memory.emplace().limit = 400; }),
                    "linux.resources.memory.swap: 300 is below the limit of memory, 400, which it includes");
}

}  // namespace plan_test
