// features.md and features-linux.md: what `orlop features` prints. An absent (or null) member means
// "unknown", which differs from false and from an empty list; hence the optionals.
#pragma once

#include "oci/spec.hpp"

namespace oci {

using FeatureList = std::optional<StringList>;
using FeatureFlag = std::optional<bool>;

struct CgroupFeatures {
    FeatureFlag v1{};
    FeatureFlag v2{};
    FeatureFlag systemd{};
    FeatureFlag systemd_user{};
    FeatureFlag rdma{};
    bool operator==(CgroupFeatures const&) const = default;
};

struct SeccompFeatures {
    FeatureFlag enabled{};
    FeatureList actions{};
    FeatureList operators{};
    FeatureList archs{};
    FeatureList known_flags{};
    FeatureList supported_flags{};
    bool operator==(SeccompFeatures const&) const = default;
};

struct EnabledFeature {  // apparmor, selinux, netDevices, mountExtensions.idmap
    FeatureFlag enabled{};
    bool operator==(EnabledFeature const&) const = default;
};

struct IntelRdtFeatures {
    FeatureFlag enabled{};
    FeatureFlag schemata{};
    FeatureFlag monitoring{};
    bool operator==(IntelRdtFeatures const&) const = default;
};

struct MemoryPolicyFeatures {
    FeatureList modes{};
    FeatureList flags{};
    bool operator==(MemoryPolicyFeatures const&) const = default;
};

struct MountExtensions {
    std::optional<EnabledFeature> idmap{};
    bool operator==(MountExtensions const&) const = default;
};

struct LinuxFeatures {
    FeatureList namespaces{};
    FeatureList capabilities{};
    std::optional<CgroupFeatures> cgroup{};
    std::optional<SeccompFeatures> seccomp{};
    std::optional<EnabledFeature> apparmor{};
    std::optional<EnabledFeature> selinux{};
    std::optional<IntelRdtFeatures> intel_rdt{};
    std::optional<MemoryPolicyFeatures> memory_policy{};
    std::optional<MountExtensions> mount_extensions{};
    std::optional<EnabledFeature> net_devices{};
    bool operator==(LinuxFeatures const&) const = default;
};

struct Features {
    std::string oci_version_min{};  // required
    std::string oci_version_max{};  // required
    FeatureList hooks{};
    FeatureList mount_options{};
    std::optional<LinuxFeatures> linux_config{};  // "linux"
    Annotations annotations{};
    FeatureList potentially_unsafe_config_annotations{};
    bool operator==(Features const&) const = default;
};

}  // namespace oci
