#include "orlop/plan/features.hpp"

#include "mount_option.hpp"
#include "section.hpp"

#include "orlop/kernel/capability.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

oci::StringList capability_words() {
  oci::StringList words;
  for (unsigned i = 0; i < kernel::capability_count; ++i) words.emplace_back(kernel::capability_names[i]);
  return words;
}

oci::LinuxFeatures linux_features() {
  oci::LinuxFeatures features;
  features.namespaces = all_words<oci::NamespaceKind>();
  std::sort(features.namespaces->begin(), features.namespaces->end());
  features.capabilities = capability_words();
  features.cgroup = oci::CgroupFeatures{true, true, true, true, true};
  features.seccomp = seccomp_features();
  features.apparmor = oci::EnabledFeature{true};
  features.selinux = oci::EnabledFeature{true};
  features.intel_rdt = oci::IntelRdtFeatures{true, true, true};
  features.memory_policy = oci::MemoryPolicyFeatures{all_words<oci::MemoryPolicyMode>(), all_words<oci::MemoryPolicyFlag>()};
  features.mount_extensions = oci::MountExtensions{oci::EnabledFeature{true}};
  features.net_devices = oci::EnabledFeature{true};
  return features;
}

}  // namespace

oci::Features features() {
  oci::Features features;
  features.oci_version_min = "1.0.0";
  features.oci_version_max = "1.3.0";
  features.hooks = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
  features.potentially_unsafe_config_annotations = {
      "org.systemd.property.", "run.oci.delegate-cgroup", "run.oci.hooks.stderr", "run.oci.hooks.stdout", "run.oci.keep_original_groups",
      "run.oci.mount_context_type", "run.oci.pidfd_receiver", "run.oci.seccomp.receiver", "run.oci.seccomp_bpf_data",
      "run.oci.seccomp_fail_unknown_syscall", "run.oci.systemd.force_cgroup_v1",
      "run.oci.systemd.subgroup"};
  features.mount_options = mount_option_words();
  features.linux_config = linux_features();
  return features;
}

}  // namespace orlop::plan
