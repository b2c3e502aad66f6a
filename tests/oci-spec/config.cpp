// What config.json says arrives in the members of Spec: fixtures/full.json uses every member of 1.3.
#include "reading.hpp"

using namespace oci;

namespace {

Spec full() { return parse<Spec>(fixture("full.json"), "config.json"); }

}  // namespace

TEST_CASE("process is read whole") {
    auto const spec = full();
    REQUIRE(spec.process);
    Process const& process = *spec.process;
    CHECK(process.terminal);
    CHECK(process.console_size == ConsoleSize{.height = 25, .width = 80});
    CHECK(process.user == User{.uid = 1000, .gid = 1001, .umask = 18, .additional_gids = {5, 4294967295}});
    CHECK(process.args == StringList{"/bin/sh", "-c", "echo \"quoted\"\tüñïçödé \\ 😀"});
    CHECK(process.env == StringList{"PATH=/usr/bin:/bin", "EMPTY=", "LINES=a\nb"});
    CHECK(process.cwd == "/home/sailor");
    CHECK(process.capabilities == LinuxCapabilities{.bounding = {"CAP_CHOWN", "CAP_NOT_YET_INVENTED"},
                                                    .effective = {"CAP_CHOWN"},
                                                    .inheritable = {"CAP_KILL"},
                                                    .permitted = {"CAP_CHOWN"},
                                                    .ambient = {"CAP_SETUID"}});
    CHECK(process.rlimits == std::vector{PosixRlimit{.type = "RLIMIT_NOFILE", .hard = UINT64_MAX, .soft = 1024}});
    CHECK(process.no_new_privileges);
    CHECK(process.apparmor_profile == "orlop-default");
    CHECK(process.selinux_label == "system_u:system_r:svirt_lxc_net_t:s0:c124,c675");
    CHECK(process.oom_score_adj == -500);
    CHECK(process.scheduler == Scheduler{.policy = SchedulerPolicy::deadline,
                                         .nice = -20,
                                         .priority = 99,
                                         .flags = {SchedulerFlag::reset_on_fork, SchedulerFlag::util_clamp_max},
                                         .runtime = 9223372036854775808u,
                                         .deadline = 20000000,
                                         .period = 30000000});
    CHECK(process.io_priority == LinuxIoPriority{.io_class = IoPriorityClass::idle, .priority = 7});
    CHECK(process.exec_cpu_affinity == CpuAffinity{.initial = "0-3,7", .final = "0,2-4"});
}

TEST_CASE("root, names, mounts, hooks and annotations are read whole") {
    auto const spec = full();
    CHECK(spec.oci_version == "1.3.0");
    CHECK(spec.root == Root{.path = "rootfs", .readonly = true});
    CHECK(spec.hostname == "deck");
    CHECK(spec.domainname == "ship.example");
    REQUIRE(spec.mounts.size() == 2);
    CHECK(spec.mounts[0] == Mount{.destination = "/proc", .type = "proc", .source = "proc"});
    CHECK(spec.mounts[1] == Mount{.destination = "/data",
                                  .type = "none",
                                  .source = "/srv/data",
                                  .options = {"rbind", "ro", "idmap"},
                                  .uid_mappings = {{1, 100000, 65536}},
                                  .gid_mappings = {{2, 200000, 4294967295}}});
    REQUIRE(spec.hooks);
    CHECK(spec.hooks->prestart ==
          std::vector{Hook{.path = "/usr/bin/prestart", .args = {"prestart", "x"}, .env = StringList{"A=b"}, .timeout = 30}});
    CHECK(spec.hooks->create_runtime == std::vector{Hook{.path = "/usr/bin/create-runtime"}});
    CHECK(spec.hooks->create_container == std::vector{Hook{.path = "/usr/bin/create-container"}});
    CHECK(spec.hooks->start_container == std::vector{Hook{.path = "/usr/bin/start-container"}});
    CHECK(spec.hooks->poststart == std::vector{Hook{.path = "/usr/bin/poststart", .timeout = 1}});
    CHECK(spec.hooks->poststop ==
          std::vector{Hook{.path = "/usr/bin/poststop"}, Hook{.path = "/usr/bin/poststop-two"}});
    CHECK(spec.annotations == Annotations{{"org.example.one", "1"},
                                          {"a", ""},
                                          {"org.example.zebra", "before the horse"},
                                          {"org.example.horse", "after the zebra"}});
}

TEST_CASE("linux is read whole") {
    auto const spec = full();
    REQUIRE(spec.linux_config);
    LinuxConfig const& config = *spec.linux_config;
    CHECK(config.uid_mappings == std::vector{LinuxIdMapping{3, 300000, 1000}});
    CHECK(config.gid_mappings == std::vector{LinuxIdMapping{4, 400000, 1000}});
    CHECK(config.time_offsets == Map<LinuxTimeOffset>{{"monotonic", {172800, 5}}, {"boottime", {-604800, 999999999}}});
    CHECK(config.sysctl == StringMap{{"net.ipv4.ip_forward", "1"}, {"kernel.shmmax", "68719476736"}});
    CHECK(config.cgroups_path == "system.slice:orlop:web1");
    REQUIRE(config.namespaces.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) CHECK(config.namespaces[i].type == static_cast<NamespaceKind>(i));
    CHECK(config.namespaces[1].path == "/var/run/netns/web1");
    CHECK(config.devices ==
          std::vector{LinuxDevice{"c", "/dev/fuse", 10, 229, 438u, 0u, 5u}, LinuxDevice{"p", "/dev/pipe"}});
    CHECK(config.net_devices == Map<LinuxNetDevice>{{"eth0", {"lan%d"}}, {"ens3", {}}});
    CHECK(config.rootfs_propagation == "slave");
    CHECK(config.masked_paths == StringList{"/proc/kcore", "/proc/keys"});
    CHECK(config.readonly_paths == StringList{"/proc/sys"});
    CHECK(config.mount_label == "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811");
    CHECK(config.intel_rdt == LinuxIntelRdt{.clos_id = "guaranteed_group",
                                            .schemata = StringList{"L2:0=f;1=f"},
                                            .l3_cache_schema = "L3:0=7f0;1=1f",
                                            .mem_bw_schema = "MB:0=20;1=70",
                                            .enable_monitoring = true});
    CHECK(config.memory_policy == LinuxMemoryPolicy{.mode = MemoryPolicyMode::interleave,
                                                    .nodes = "2-3",
                                                    .flags = {MemoryPolicyFlag::static_nodes,
                                                              MemoryPolicyFlag::numa_balancing}});
    CHECK(config.personality == LinuxPersonality{.domain = PersonalityDomain::linux_32, .flags = {"NONE_YET"}});
}

TEST_CASE("seccomp keeps 64 bits") {
    auto const spec = full();
    REQUIRE(spec.linux_config->seccomp);
    LinuxSeccomp const& seccomp = *spec.linux_config->seccomp;
    CHECK(seccomp.default_action == SeccompAction::errno_);
    CHECK(seccomp.default_errno_ret == 38u);
    CHECK(seccomp.architectures == StringList{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"});
    CHECK(seccomp.flags == StringList{"SECCOMP_FILTER_FLAG_LOG"});
    CHECK(seccomp.listener_path == "/run/agent.sock");
    CHECK(seccomp.listener_metadata == "opaque");
    REQUIRE(seccomp.syscalls.size() == 2);
    CHECK(seccomp.syscalls[0] ==
          LinuxSyscall{.names = {"clone", "personality"},
                       .action = SeccompAction::allow,
                       .args = {{5, UINT64_MAX, 9223372036854775808u, SeccompOperator::masked_eq}}});
    CHECK(seccomp.syscalls[1] == LinuxSyscall{.names = {"bpf"}, .action = SeccompAction::errno_, .errno_ret = 1u});
}

TEST_CASE("resources are read whole") {
    auto const spec = full();
    REQUIRE(spec.linux_config->resources);
    LinuxResources const& resources = *spec.linux_config->resources;
    CHECK(resources.devices == std::vector{LinuxDeviceCgroup{.allow = false, .access = "rwm"},
                                           LinuxDeviceCgroup{true, "c", 10, 229, "rw"},
                                           LinuxDeviceCgroup{true, "b", -1, 0, "r"}});
    CHECK(resources.memory == LinuxMemory{536870912, 268435456, -1, 1, 2, 60u, false, true, true});
    CHECK(resources.cpu == LinuxCpu{1024u, INT64_MIN, 100u, 500000u, 950000, 1000000u, "2-3", "0-7", 1});
    CHECK(resources.pids == LinuxPids{.limit = 0});
    CHECK(resources.block_io ==
          LinuxBlockIo{.weight = std::uint16_t{10},
                       .leaf_weight = std::uint16_t{65535},
                       .weight_device = {{8, 0, std::uint16_t{500}, std::uint16_t{300}}, {8, 16}},
                       .throttle_read_bps_device = {{8, 1, 600}},
                       .throttle_write_bps_device = {{8, 2, 0}},
                       .throttle_read_iops_device = {{8, 3, UINT64_MAX}},
                       .throttle_write_iops_device = {{8, 4, 300}}});
    CHECK(resources.hugepage_limits == std::vector{LinuxHugepageLimit{"2MB", 209715200}});
    CHECK(resources.network == LinuxNetwork{.class_id = 1048577u, .priorities = {{"eth0", 500}}});
    CHECK(resources.rdma == Map<LinuxRdma>{{"mlx5_1", {3u, 10000u}}, {"mlx4_0", {{}, 0u}}, {"rxe3", {}}});
    CHECK(resources.unified == StringMap{{"memory.high", "1G"}, {"hugetlb.1GB.max", "1073741824"}});
}

TEST_CASE("a part can be read alone") {
    auto const resources = parse<LinuxResources>(R"({"pids": {"limit": -1}, "cpu": {"shares": 2}})", "-");
    CHECK(resources.pids->limit == -1);
    CHECK(resources.cpu->shares == 2u);
    CHECK(parse<std::vector<Mount>>(R"([{"destination": "/x"}])", "mounts.json") ==
          std::vector{Mount{.destination = "/x"}});
    CHECK(parse<std::uint64_t>("18446744073709551615", "-") == UINT64_MAX);
}

TEST_CASE("absent and null are the same, and differ from empty") {
    CHECK(parse<Spec>(R"({"ociVersion": "1.0.0"})", "-") == Spec{.oci_version = "1.0.0"});
    CHECK(parse<Spec>(R"({"ociVersion": "1.0.0", "process": null, "mounts": null, "hostname": null})", "-") ==
          Spec{.oci_version = "1.0.0"});
    auto const seccomp = [](char const* rest) {
        return parse<LinuxSeccomp>(std::string(R"({"defaultAction": "SCMP_ACT_ALLOW")") + rest, "-");
    };
    CHECK(seccomp("}").flags == std::nullopt);
    CHECK(seccomp(R"(, "flags": null})").flags == std::nullopt);
    CHECK(seccomp(R"(, "flags": []})").flags == StringList{});
    CHECK(parse<LinuxConfig>(R"({"resources": {}})", "-").resources == LinuxResources{});
    CHECK(parse<LinuxPids>(R"({"limit": 0})", "-").limit == 0);
}

TEST_CASE("escapes are decoded") {
    CHECK(parse<std::string>(R"("\"\\\/\b\f\n\r\t")", "-") == "\"\\/\b\f\n\r\t");
    CHECK(parse<std::string>(R"("\u0041\u007f\u0080\u07FF\u0800\uFFFD\ud83d\ude00\uDBFF\uDFFF")", "-") ==
          "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
    CHECK(parse<StringMap>(R"({"\u0061\n": "\u0062", "plain": "c\td"})", "-") ==
          StringMap{{"a\n", "b"}, {"plain", "c\td"}});
}

TEST_CASE("an absent user is 0, as the schema allows") {
    auto const process = parse<Process>(R"({"cwd": "/", "user": {"gid": 5}})", "-");
    CHECK(process.user == User{.uid = 0, .gid = 5});
}
