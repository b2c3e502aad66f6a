// linux.resources: what cannot be is refused by name, a missing controller with those that are there.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/base/text.hpp"

namespace plan_test {

namespace {

using oci::LinuxResources;

orlop::plan::Plan plan_on(char const* layout, LinuxResources const& resources,
                          std::vector<std::string> const& unified = all_controllers()) {
  oci::Spec spec = base_spec();
  spec.linux_config->resources = resources;
  Table host{{cgroup_layout(layout), unified, {}}};
  return orlop::plan::make(spec, host, {"web1", "/srv/bundle", false});
}

// "file value", joined by "; "
std::string settings_on(char const* layout, LinuxResources const& resources) {
  std::string text;
  for (auto const& setting : plan_on(layout, resources).cgroup.settings)
    text += orlop::concat({text.empty() ? "" : "; ", setting.file, " ", setting.value});
  return text;
}

struct Row {
  char const* layout;
  char const* expected;  // settings, or the beginning of the refusal
  void (*change)(LinuxResources& resources);
};

// clang-format off
constexpr Row setting_rows[] = {
    {"v1-all", "", [](LinuxResources& r) { r.memory.emplace().limit = 0; r.memory->swap = 0; }},
    {"v1-all", "memory.limit_in_bytes -1", [](LinuxResources& r) { r.memory.emplace().limit = -1; }},
    {"v2", "memory.max max", [](LinuxResources& r) { r.memory.emplace().limit = -1; }},
    {"v2", "memory.max 100; memory.swap.max 200", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = 300; }},
    {"v2", "memory.max 100; memory.swap.max max", [](LinuxResources& r) { r.memory.emplace().limit = 100; r.memory->swap = -1; }},
    {"v2", "memory.swap.max max", [](LinuxResources& r) { r.memory.emplace().swap = -1; }},
    {"v1-all", "", [](LinuxResources& r) { r.memory.emplace().swappiness = UINT64_MAX; }},
    {"v2", "", [](LinuxResources& r) { r.memory.emplace().disable_oom_killer = false; }},
    {"v2", "cpu.max max 50000", [](LinuxResources& r) { r.cpu.emplace().period = 50000; }},
    {"v2", "cpu.max 10000", [](LinuxResources& r) { r.cpu.emplace().quota = 10000; }},
    {"v2", "cpu.max max 50000", [](LinuxResources& r) { r.cpu.emplace().quota = -1; r.cpu->period = 50000; }},
    {"v1-all", "cpu.cfs_quota_us -1", [](LinuxResources& r) { r.cpu.emplace().quota = -1; }},
    {"v2", "cpu.idle 1", [](LinuxResources& r) { r.cpu.emplace().idle = 1; r.cpu->shares = 1024; }},
    {"v2", "cpu.idle 0; cpu.weight 100", [](LinuxResources& r) { r.cpu.emplace().idle = 0; r.cpu->shares = 1024; }},
    {"v2", "pids.max 0", [](LinuxResources& r) { r.pids.emplace().limit = 0; }},
    {"v1-all", "pids.max max", [](LinuxResources& r) { r.pids.emplace().limit = -1; }},
    {"v2", "io.max 8:0 rbps=max", [](LinuxResources& r) { r.block_io.emplace().throttle_read_bps_device = {{8, 0, 0}}; }},
    {"v2", "", [](LinuxResources& r) { r.block_io.emplace().weight = 0; }},
    {"v2", "io.max 8:0 rbps=1; io.max 8:1 rbps=2", [](LinuxResources& r) { r.unified = {{"io.max", "8:0 rbps=1\n8:1 rbps=2"}}; }},
    {"v2", "cgroup.max.depth 3", [](LinuxResources& r) { r.unified = {{"cgroup.max.depth", "3"}}; }},
};
constexpr Row refusal_rows[] = {
    {"v1-all", "linux.resources.memory.limit: -2 is no limit (-1: none)", [](LinuxResources& r) { r.memory.emplace().limit = -2; }},
    {"v2", "linux.resources.memory.swap: is the limit of memory and swap together: it needs one of memory", [](LinuxResources& r) { r.memory.emplace().swap = 5; }},
    {"v2", "linux.resources.memory.swap: 5 is below the limit of memory, 6, which it includes", [](LinuxResources& r) { r.memory.emplace().swap = 5; r.memory->limit = 6; }},
    {"v2", "linux.resources.memory.swappiness: cannot be had with cgroup v2", [](LinuxResources& r) { r.memory.emplace().swappiness = 5; }},
    {"v1-all", "linux.resources.memory.swappiness: 101 is not between 0 and 100", [](LinuxResources& r) { r.memory.emplace().swappiness = 101; }},
    {"v2", "linux.resources.memory.disableOOMKiller: cannot be had with cgroup v2", [](LinuxResources& r) { r.memory.emplace().disable_oom_killer = true; }},
    {"v2", "linux.resources.cpu.realtimeRuntime: cannot be had with cgroup v2", [](LinuxResources& r) { r.cpu.emplace().realtime_runtime = 5; }},
    {"v1-all", "linux.resources.cpu.shares: 1 is not between 2 and 262144", [](LinuxResources& r) { r.cpu.emplace().shares = 1; }},
    {"v2", "linux.resources.cpu.idle: 2 is neither 0 nor 1", [](LinuxResources& r) { r.cpu.emplace().idle = 2; }},
    {"v2", "linux.resources.pids.limit: -2 is no limit (-1: none)", [](LinuxResources& r) { r.pids.emplace().limit = -2; }},
    {"v2", "linux.resources.blockIO.weight: 9 is no weight (10 to 1000)", [](LinuxResources& r) { r.block_io.emplace().weight = 9; }},
    {"v2", "linux.resources.blockIO.leafWeight: cannot be had with cgroup v2", [](LinuxResources& r) { r.block_io.emplace().leaf_weight = 10; }},
    {"v2", "linux.resources.hugepageLimits[0].pageSize: \"../2MB\" is no name", [](LinuxResources& r) { r.hugepage_limits = {{"../2MB", 0}}; }},
    {"v2", "linux.resources.rdma.mlx5_1: has neither hcaHandles nor hcaObjects", [](LinuxResources& r) { r.rdma = {{"mlx5_1", {}}}; }},
    {"v2", "linux.resources.network.classID: needs the cgroup controller net_cls, which is not here", [](LinuxResources& r) { r.network.emplace().class_id = 1; }},
    {"v1", "linux.resources.pids.limit: needs the cgroup controller pids, which is not here: there is cpu, cpuacct, devices, memory;", [](LinuxResources& r) { r.pids.emplace().limit = 1; }},
    {"none", "linux.resources.pids.limit: needs the cgroup controller pids, which is not here: there is none", [](LinuxResources& r) { r.pids.emplace().limit = 1; }},
    {"v1", "linux.resources.unified: needs a cgroup v2 hierarchy", [](LinuxResources& r) { r.unified = {{"memory.high", "1"}}; }},
    {"hybrid", "linux.resources.unified: needs the cgroup controller fly, which is not here", [](LinuxResources& r) { r.unified = {{"fly.high", "1"}}; }},
    {"v2", "linux.resources.unified: \"../../x\" is no name of a cgroup v2 file", [](LinuxResources& r) { r.unified = {{"../../x", "1"}}; }},
    {"v2", "linux.resources.unified: \"memory.max/../../cgroup.kill\" is no name", [](LinuxResources& r) { r.unified = {{"memory.max/../../cgroup.kill", "1"}}; }},
    {"v2", "linux.resources.unified: \"tasks\" is no name", [](LinuxResources& r) { r.unified = {{"tasks", "1"}}; }},
    {"v2", "linux.resources.unified: \"cgroup.procs\" is no setting: it moves, stops or kills processes", [](LinuxResources& r) { r.unified = {{"cgroup.procs", "1"}}; }},
    {"v2", "linux.resources.unified: \"cgroup.threads\" is no setting", [](LinuxResources& r) { r.unified = {{"cgroup.threads", "1"}}; }},
    {"v2", "linux.resources.unified: \"cgroup.kill\" is no setting", [](LinuxResources& r) { r.unified = {{"cgroup.kill", "1"}}; }},
    {"v2", "linux.resources.unified: \"cgroup.freeze\" is no setting", [](LinuxResources& r) { r.unified = {{"cgroup.freeze", "1"}}; }},
    {"v1-all", "linux.resources.blockIO.weightDevice[0]: has neither weight nor leafWeight", [](LinuxResources& r) { r.block_io.emplace().weight_device = {{8, 0, {}, {}}}; }},
};
// clang-format on

}  // namespace

TEST_CASE("resources: what is written") {
  for (auto const& row : setting_rows) {
    LinuxResources resources;
    row.change(resources);
    INFO(row.layout << ": " << row.expected);
    CHECK(settings_on(row.layout, resources) == row.expected);
  }
}

TEST_CASE("resources: what is refused") {
  for (auto const& row : refusal_rows) {
    LinuxResources resources;
    row.change(resources);
    INFO(row.layout << ": " << row.expected);
    CHECK_THROWS_WITH(plan_on(row.layout, resources), Catch::Matchers::StartsWith(row.expected));
  }
}

TEST_CASE("resources: a controller is used where it lives") {
  LinuxResources resources;
  resources.memory.emplace().limit = 100 << 20;
  resources.hugepage_limits = {{"2MB", 0}};
  auto const cgroup = plan_on("hybrid", resources, {"hugetlb"}).cgroup;
  REQUIRE(cgroup.settings.size() == 3);
  CHECK(cgroup.settings[0].directory == "/sys/fs/cgroup/memory/web1");
  CHECK(cgroup.settings[1].directory == "/sys/fs/cgroup/unified/web1");
  CHECK(cgroup.settings[1].file == "hugetlb.2MB.max");
  CHECK(cgroup.controllers == std::vector<std::string>{"hugetlb"});
  CHECK_FALSE(cgroup.has_last_settings());
}

TEST_CASE("resources: on v2 the cgroup is given to the user of a container that can write to it") {
  oci::Spec spec = base_spec();
  spec.process->user.uid = 1000;
  spec.linux_config->namespaces = {{oci::NamespaceKind::mount, ""}, {oci::NamespaceKind::cgroup, ""}};
  spec.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {}, {}, {}}};
  auto const owner_on = [&](char const* layout) {
    Table::Answers answers;
    answers.cgroup_hierarchies = cgroup_layout(layout);
    answers.grantable_capabilities = all_capabilities();
    Table host{answers};
    return orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}).cgroup.owner;
  };
  CHECK(owner_on("v2") == 1000U);
  CHECK_FALSE(owner_on("hybrid"));
  CHECK_FALSE(owner_on("v1"));
  spec.linux_config->namespaces.push_back({oci::NamespaceKind::user, ""});
  spec.linux_config->uid_mappings = spec.linux_config->gid_mappings = {{0, 100000, 65536}};
  CHECK(owner_on("v2") == 101000U);
  spec.process->user.uid = 0;
  CHECK(owner_on("v2") == 100000U);
  spec.mounts[0].options = {"ro"};
  CHECK_FALSE(owner_on("v2"));
  spec.mounts[0].options = {};
  spec.linux_config->namespaces.erase(spec.linux_config->namespaces.begin() + 1);
  CHECK_FALSE(owner_on("v2"));
}

TEST_CASE("resources: only a tight limit of memory waits for init") {
  for (char const* layout : {"v1-all", "v2"}) {
    LinuxResources resources;
    resources.memory.emplace().limit = (64 << 20) - 1;
    CHECK(plan_on(layout, resources).cgroup.has_last_settings());
    resources.memory->limit = 64 << 20;
    CHECK_FALSE(plan_on(layout, resources).cgroup.has_last_settings());
    resources.memory->limit = -1;
    CHECK_FALSE(plan_on(layout, resources).cgroup.has_last_settings());
  }
}

}  // namespace plan_test
