// config-linux.md without the control groups.
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto linux_namespace = table<LinuxNamespace>(
    required<&LinuxNamespace::type>("type"),
    optional<&LinuxNamespace::path>("path"));

constexpr auto linux_time_offset = table<LinuxTimeOffset>(
    optional<&LinuxTimeOffset::secs>("secs"),
    optional<&LinuxTimeOffset::nanosecs>("nanosecs"));

constexpr auto linux_device = table<LinuxDevice>(
    required<&LinuxDevice::type>("type"),
    required<&LinuxDevice::path>("path"),
    optional<&LinuxDevice::major>("major"),
    optional<&LinuxDevice::minor>("minor"),
    optional<&LinuxDevice::file_mode>("fileMode"),
    optional<&LinuxDevice::uid>("uid"),
    optional<&LinuxDevice::gid>("gid"));

constexpr auto linux_net_device = table<LinuxNetDevice>(
    optional<&LinuxNetDevice::name>("name"));

constexpr auto linux_seccomp_arg = table<LinuxSeccompArg>(
    required<&LinuxSeccompArg::index>("index"),
    required<&LinuxSeccompArg::value>("value"),
    optional<&LinuxSeccompArg::value_two>("valueTwo"),
    required<&LinuxSeccompArg::op>("op"));

constexpr auto linux_syscall = table<LinuxSyscall>(
    required<&LinuxSyscall::names>("names"),
    required<&LinuxSyscall::action>("action"),
    optional<&LinuxSyscall::errno_ret>("errnoRet"),
    optional<&LinuxSyscall::args>("args"));

constexpr auto linux_seccomp = table<LinuxSeccomp>(
    required<&LinuxSeccomp::default_action>("defaultAction"),
    optional<&LinuxSeccomp::default_errno_ret>("defaultErrnoRet"),
    optional<&LinuxSeccomp::architectures>("architectures"),
    optional<&LinuxSeccomp::flags>("flags"),
    optional<&LinuxSeccomp::listener_path>("listenerPath"),
    optional<&LinuxSeccomp::listener_metadata>("listenerMetadata"),
    optional<&LinuxSeccomp::syscalls>("syscalls"));

constexpr auto linux_intel_rdt = table<LinuxIntelRdt>(
    optional<&LinuxIntelRdt::clos_id>("closID"),
    optional<&LinuxIntelRdt::schemata>("schemata"),
    optional<&LinuxIntelRdt::l3_cache_schema>("l3CacheSchema"),
    optional<&LinuxIntelRdt::mem_bw_schema>("memBwSchema"),
    optional<&LinuxIntelRdt::enable_monitoring>("enableMonitoring"));

constexpr auto linux_memory_policy = table<LinuxMemoryPolicy>(
    required<&LinuxMemoryPolicy::mode>("mode"),
    optional<&LinuxMemoryPolicy::nodes>("nodes"),
    optional<&LinuxMemoryPolicy::flags>("flags"));

constexpr auto linux_personality = table<LinuxPersonality>(
    required<&LinuxPersonality::domain>("domain"),
    optional<&LinuxPersonality::flags>("flags"));

constexpr auto linux_config = table<LinuxConfig>(
    optional<&LinuxConfig::uid_mappings>("uidMappings"),
    optional<&LinuxConfig::gid_mappings>("gidMappings"),
    optional<&LinuxConfig::time_offsets>("timeOffsets"),
    optional<&LinuxConfig::sysctl>("sysctl"),
    optional<&LinuxConfig::resources>("resources"),
    optional<&LinuxConfig::cgroups_path>("cgroupsPath"),
    optional<&LinuxConfig::namespaces>("namespaces"),
    optional<&LinuxConfig::devices>("devices"),
    optional<&LinuxConfig::net_devices>("netDevices"),
    optional<&LinuxConfig::seccomp>("seccomp"),
    optional<&LinuxConfig::rootfs_propagation>("rootfsPropagation"),
    optional<&LinuxConfig::masked_paths>("maskedPaths"),
    optional<&LinuxConfig::readonly_paths>("readonlyPaths"),
    optional<&LinuxConfig::mount_label>("mountLabel"),
    optional<&LinuxConfig::intel_rdt>("intelRdt"),
    optional<&LinuxConfig::memory_policy>("memoryPolicy"),
    optional<&LinuxConfig::personality>("personality"));

}  // namespace

template <> constinit Type const Object<LinuxNamespace>::type = object_type(linux_namespace);
template <> constinit Type const Object<LinuxTimeOffset>::type = object_type(linux_time_offset);
template <> constinit Type const Object<LinuxDevice>::type = object_type(linux_device);
template <> constinit Type const Object<LinuxNetDevice>::type = object_type(linux_net_device);
template <> constinit Type const Object<LinuxSeccompArg>::type = object_type(linux_seccomp_arg);
template <> constinit Type const Object<LinuxSyscall>::type = object_type(linux_syscall);
template <> constinit Type const Object<LinuxSeccomp>::type = object_type(linux_seccomp);
template <> constinit Type const Object<LinuxIntelRdt>::type = object_type(linux_intel_rdt);
template <> constinit Type const Object<LinuxMemoryPolicy>::type = object_type(linux_memory_policy);
template <> constinit Type const Object<LinuxPersonality>::type = object_type(linux_personality);
template <> constinit Type const Object<LinuxConfig>::type = object_type(linux_config);

}  // namespace oci
