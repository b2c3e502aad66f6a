// features.md and features-linux.md.
#include "oci/described.hpp"

namespace oci {
namespace {

constexpr auto cgroup_features = table<CgroupFeatures>(
    optional<&CgroupFeatures::v1>("v1"),
    optional<&CgroupFeatures::v2>("v2"),
    optional<&CgroupFeatures::systemd>("systemd"),
    optional<&CgroupFeatures::systemd_user>("systemdUser"),
    optional<&CgroupFeatures::rdma>("rdma"));

constexpr auto seccomp_features = table<SeccompFeatures>(
    optional<&SeccompFeatures::enabled>("enabled"),
    optional<&SeccompFeatures::actions>("actions"),
    optional<&SeccompFeatures::operators>("operators"),
    optional<&SeccompFeatures::archs>("archs"),
    optional<&SeccompFeatures::known_flags>("knownFlags"),
    optional<&SeccompFeatures::supported_flags>("supportedFlags"));

constexpr auto enabled_feature = table<EnabledFeature>(
    optional<&EnabledFeature::enabled>("enabled"));

constexpr auto intel_rdt_features = table<IntelRdtFeatures>(
    optional<&IntelRdtFeatures::enabled>("enabled"),
    optional<&IntelRdtFeatures::schemata>("schemata"),
    optional<&IntelRdtFeatures::monitoring>("monitoring"));

constexpr auto memory_policy_features = table<MemoryPolicyFeatures>(
    optional<&MemoryPolicyFeatures::modes>("modes"),
    optional<&MemoryPolicyFeatures::flags>("flags"));

constexpr auto mount_extensions = table<MountExtensions>(
    optional<&MountExtensions::idmap>("idmap"));

constexpr auto linux_features = table<LinuxFeatures>(
    optional<&LinuxFeatures::namespaces>("namespaces"),
    optional<&LinuxFeatures::capabilities>("capabilities"),
    optional<&LinuxFeatures::cgroup>("cgroup"),
    optional<&LinuxFeatures::seccomp>("seccomp"),
    optional<&LinuxFeatures::apparmor>("apparmor"),
    optional<&LinuxFeatures::selinux>("selinux"),
    optional<&LinuxFeatures::intel_rdt>("intelRdt"),
    optional<&LinuxFeatures::memory_policy>("memoryPolicy"),
    optional<&LinuxFeatures::mount_extensions>("mountExtensions"),
    optional<&LinuxFeatures::net_devices>("netDevices"));

constexpr auto features = table<Features>(
    required<&Features::oci_version_min>("ociVersionMin"),
    required<&Features::oci_version_max>("ociVersionMax"),
    optional<&Features::hooks>("hooks"),
    optional<&Features::mount_options>("mountOptions"),
    optional<&Features::linux_config>("linux"),
    optional<&Features::annotations>("annotations"),
    optional<&Features::potentially_unsafe_config_annotations>("potentiallyUnsafeConfigAnnotations"));

}  // namespace

template <> constinit Type const Object<CgroupFeatures>::type = object_type(cgroup_features);
template <> constinit Type const Object<SeccompFeatures>::type = object_type(seccomp_features);
template <> constinit Type const Object<EnabledFeature>::type = object_type(enabled_feature);
template <> constinit Type const Object<IntelRdtFeatures>::type = object_type(intel_rdt_features);
template <> constinit Type const Object<MemoryPolicyFeatures>::type = object_type(memory_policy_features);
template <> constinit Type const Object<MountExtensions>::type = object_type(mount_extensions);
template <> constinit Type const Object<LinuxFeatures>::type = object_type(linux_features);
template <> constinit Type const Object<Features>::type = object_type(features);

}  // namespace oci
