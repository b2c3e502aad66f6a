// OCI runtime-spec 1.3 (config.md, config-linux.md; Linux only) as plain values: what was written in
// config.json, with no defaults and no meaning. An absent object, and a scalar whose absence differs from
// zero or "", is an empty optional; an absent list or map is an empty one. Members bear the spec's words.
// State, Features and ContainerProcessState are in state.hpp and features.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oci/words.hpp"

namespace oci {

// A JSON object used as a map: the order of the text is kept, keys are unique (the reader refuses others).
template <class T>
using Map = std::vector<std::pair<std::string, T>>;

using StringMap = Map<std::string>;
using Annotations = StringMap;
using StringList = std::vector<std::string>;

// ---- config.md: root, mounts, hooks ----

struct Root {
    std::string path{};  // required
    bool readonly{};
    bool operator==(Root const&) const = default;
};

struct LinuxIdMapping {
    std::uint32_t container_id{};  // required
    std::uint32_t host_id{};       // required
    std::uint32_t size{};          // required
    bool operator==(LinuxIdMapping const&) const = default;
};

struct Mount {
    std::string destination{};  // required
    std::string type{};
    std::string source{};
    StringList options{};
    std::vector<LinuxIdMapping> uid_mappings{};
    std::vector<LinuxIdMapping> gid_mappings{};
    bool operator==(Mount const&) const = default;
};

struct Hook {
    std::string path{};  // required
    StringList args{};
    std::optional<StringList> env{};  // absent: the environment of whoever runs it
    std::optional<int> timeout{};  // seconds
    bool operator==(Hook const&) const = default;
};

struct Hooks {
    std::vector<Hook> prestart{};
    std::vector<Hook> create_runtime{};
    std::vector<Hook> create_container{};
    std::vector<Hook> start_container{};
    std::vector<Hook> poststart{};
    std::vector<Hook> poststop{};
    bool operator==(Hooks const&) const = default;
};

// ---- config.md: process ----

struct ConsoleSize {
    std::uint64_t height{};  // required
    std::uint64_t width{};   // required
    bool operator==(ConsoleSize const&) const = default;
};

struct User {
    std::uint32_t uid{};
    std::uint32_t gid{};
    std::optional<std::uint32_t> umask{};
    std::vector<std::uint32_t> additional_gids{};
    bool operator==(User const&) const = default;
};

struct LinuxCapabilities {  // names as written; unknown ones are judged later
    StringList bounding{};
    StringList effective{};
    StringList inheritable{};
    StringList permitted{};
    StringList ambient{};
    bool operator==(LinuxCapabilities const&) const = default;
};

struct PosixRlimit {
    std::string type{};    // required: RLIMIT_...
    std::uint64_t hard{};  // required
    std::uint64_t soft{};  // required
    bool operator==(PosixRlimit const&) const = default;
};

struct Scheduler {
    SchedulerPolicy policy{};  // required
    std::int32_t nice{};
    std::int32_t priority{};
    std::vector<SchedulerFlag> flags{};
    std::uint64_t runtime{};   // nanoseconds, as are the next two
    std::uint64_t deadline{};
    std::uint64_t period{};
    bool operator==(Scheduler const&) const = default;
};

struct LinuxIoPriority {
    IoPriorityClass io_class{};  // required; "class" in the spec
    std::int32_t priority{};
    bool operator==(LinuxIoPriority const&) const = default;
};

struct CpuAffinity {
    std::string initial{};
    std::string final{};
    bool operator==(CpuAffinity const&) const = default;
};

struct Process {
    bool terminal{};
    std::optional<ConsoleSize> console_size{};
    User user{};
    StringList args{};
    StringList env{};
    std::string cwd{};  // required
    std::optional<LinuxCapabilities> capabilities{};
    std::vector<PosixRlimit> rlimits{};
    bool no_new_privileges{};
    std::string apparmor_profile{};
    std::string selinux_label{};
    std::optional<int> oom_score_adj{};
    std::optional<Scheduler> scheduler{};
    std::optional<LinuxIoPriority> io_priority{};
    std::optional<CpuAffinity> exec_cpu_affinity{};
    bool operator==(Process const&) const = default;
};

// ---- config-linux.md: resources ----

struct LinuxDeviceCgroup {
    bool allow{};        // required
    std::string type{};  // "a", "c", "b", or absent
    std::optional<std::int64_t> major{};
    std::optional<std::int64_t> minor{};
    std::string access{};
    bool operator==(LinuxDeviceCgroup const&) const = default;
};

struct LinuxMemory {
    std::optional<std::int64_t> limit{};
    std::optional<std::int64_t> reservation{};
    std::optional<std::int64_t> swap{};
    std::optional<std::int64_t> kernel{};
    std::optional<std::int64_t> kernel_tcp{};
    std::optional<std::uint64_t> swappiness{};
    std::optional<bool> disable_oom_killer{};
    std::optional<bool> use_hierarchy{};
    std::optional<bool> check_before_update{};
    bool operator==(LinuxMemory const&) const = default;
};

struct LinuxCpu {
    std::optional<std::uint64_t> shares{};
    std::optional<std::int64_t> quota{};
    std::optional<std::uint64_t> burst{};
    std::optional<std::uint64_t> period{};
    std::optional<std::int64_t> realtime_runtime{};
    std::optional<std::uint64_t> realtime_period{};
    std::string cpus{};
    std::string mems{};
    std::optional<std::int64_t> idle{};
    bool operator==(LinuxCpu const&) const = default;
};

struct LinuxPids {
    std::optional<std::int64_t> limit{};
    bool operator==(LinuxPids const&) const = default;
};

struct LinuxWeightDevice {
    std::int64_t major{};  // required
    std::int64_t minor{};  // required
    std::optional<std::uint16_t> weight{};
    std::optional<std::uint16_t> leaf_weight{};
    bool operator==(LinuxWeightDevice const&) const = default;
};

struct LinuxThrottleDevice {
    std::int64_t major{};  // required
    std::int64_t minor{};  // required
    std::uint64_t rate{};  // required
    bool operator==(LinuxThrottleDevice const&) const = default;
};

struct LinuxBlockIo {
    std::optional<std::uint16_t> weight{};
    std::optional<std::uint16_t> leaf_weight{};
    std::vector<LinuxWeightDevice> weight_device{};
    std::vector<LinuxThrottleDevice> throttle_read_bps_device{};
    std::vector<LinuxThrottleDevice> throttle_write_bps_device{};
    std::vector<LinuxThrottleDevice> throttle_read_iops_device{};
    std::vector<LinuxThrottleDevice> throttle_write_iops_device{};
    bool operator==(LinuxBlockIo const&) const = default;
};

struct LinuxHugepageLimit {
    std::string page_size{};  // required
    std::uint64_t limit{};    // required
    bool operator==(LinuxHugepageLimit const&) const = default;
};

struct LinuxInterfacePriority {
    std::string name{};        // required
    std::uint32_t priority{};  // required
    bool operator==(LinuxInterfacePriority const&) const = default;
};

struct LinuxNetwork {
    std::optional<std::uint32_t> class_id{};
    std::vector<LinuxInterfacePriority> priorities{};
    bool operator==(LinuxNetwork const&) const = default;
};

struct LinuxRdma {
    std::optional<std::uint32_t> hca_handles{};
    std::optional<std::uint32_t> hca_objects{};
    bool operator==(LinuxRdma const&) const = default;
};

struct LinuxResources {
    std::vector<LinuxDeviceCgroup> devices{};
    std::optional<LinuxMemory> memory{};
    std::optional<LinuxCpu> cpu{};
    std::optional<LinuxPids> pids{};
    std::optional<LinuxBlockIo> block_io{};
    std::vector<LinuxHugepageLimit> hugepage_limits{};
    std::optional<LinuxNetwork> network{};
    Map<LinuxRdma> rdma{};
    StringMap unified{};
    bool operator==(LinuxResources const&) const = default;
};

// ---- config-linux.md: the rest ----

struct LinuxNamespace {
    NamespaceKind type{};  // required
    std::string path{};    // "" or absent: a new one
    bool operator==(LinuxNamespace const&) const = default;
};

struct LinuxTimeOffset {
    std::int64_t secs{};
    std::uint32_t nanosecs{};
    bool operator==(LinuxTimeOffset const&) const = default;
};

struct LinuxDevice {
    std::string type{};  // required: "c", "b", "u", "p"
    std::string path{};  // required
    std::optional<std::int64_t> major{};
    std::optional<std::int64_t> minor{};
    std::optional<std::uint32_t> file_mode{};
    std::optional<std::uint32_t> uid{};
    std::optional<std::uint32_t> gid{};
    bool operator==(LinuxDevice const&) const = default;
};

struct LinuxNetDevice {
    std::string name{};
    bool operator==(LinuxNetDevice const&) const = default;
};

struct LinuxSeccompArg {
    std::uint32_t index{};      // required
    std::uint64_t value{};      // required
    std::uint64_t value_two{};
    SeccompOperator op{};       // required
    bool operator==(LinuxSeccompArg const&) const = default;
};

struct LinuxSyscall {
    StringList names{};      // required
    SeccompAction action{};  // required
    std::optional<std::uint32_t> errno_ret{};
    std::vector<LinuxSeccompArg> args{};
    bool operator==(LinuxSyscall const&) const = default;
};

struct LinuxSeccomp {
    SeccompAction default_action{};  // required
    std::optional<std::uint32_t> default_errno_ret{};
    StringList architectures{};
    std::optional<StringList> flags{};  // absent and [] differ for engines: absent lets the runtime choose
    std::string listener_path{};
    std::string listener_metadata{};
    std::vector<LinuxSyscall> syscalls{};
    bool operator==(LinuxSeccomp const&) const = default;
};

struct LinuxIntelRdt {
    std::string clos_id{};
    std::optional<StringList> schemata{};
    std::string l3_cache_schema{};
    std::string mem_bw_schema{};
    bool enable_monitoring{};
    bool operator==(LinuxIntelRdt const&) const = default;
};

struct LinuxMemoryPolicy {
    MemoryPolicyMode mode{};  // required
    std::string nodes{};
    std::vector<MemoryPolicyFlag> flags{};
    bool operator==(LinuxMemoryPolicy const&) const = default;
};

struct LinuxPersonality {
    PersonalityDomain domain{};  // required
    StringList flags{};
    bool operator==(LinuxPersonality const&) const = default;
};

struct LinuxConfig {  // the member "linux"
    std::vector<LinuxIdMapping> uid_mappings{};
    std::vector<LinuxIdMapping> gid_mappings{};
    Map<LinuxTimeOffset> time_offsets{};  // "monotonic", "boottime"
    StringMap sysctl{};
    std::optional<LinuxResources> resources{};
    std::string cgroups_path{};
    std::vector<LinuxNamespace> namespaces{};
    std::vector<LinuxDevice> devices{};
    Map<LinuxNetDevice> net_devices{};  // by name on the host
    std::optional<LinuxSeccomp> seccomp{};
    std::string rootfs_propagation{};
    StringList masked_paths{};
    StringList readonly_paths{};
    std::string mount_label{};
    std::optional<LinuxIntelRdt> intel_rdt{};
    std::optional<LinuxMemoryPolicy> memory_policy{};
    std::optional<LinuxPersonality> personality{};
    bool operator==(LinuxConfig const&) const = default;
};

struct Spec {
    std::string oci_version{};  // required
    std::optional<Process> process{};
    std::optional<Root> root{};
    std::string hostname{};
    std::string domainname{};
    std::vector<Mount> mounts{};
    std::optional<Hooks> hooks{};
    Annotations annotations{};
    std::optional<LinuxConfig> linux_config{};  // "linux"
    bool operator==(Spec const&) const = default;
};

}  // namespace oci
