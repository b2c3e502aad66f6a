// The makers of the plan's sections: each reads its part of the Spec and fills its part of the Plan.
#pragma once
#include "orlop/plan/make.hpp"

#include "oci/features.hpp"

namespace orlop::plan {

void plan_labels(oci::Process const& process, HostFacts& host, Plan& plan);
void plan_mount_label(oci::Spec const& spec, HostFacts& host, Plan& plan);  // behind plan_mounts

// An ordinary user gets a user namespace, asked for or not.
void plan_namespaces(oci::LinuxConfig const& config, HostFacts& host, bool is_ordinary, Plan& plan);
void plan_user_namespace(oci::Spec const& spec, oci::LinuxConfig const& config, HostFacts& host,
                         Request const& request, Plan& plan);
// Of a container that is there: what `exec` has to know of it.
void plan_user_namespace_of(oci::LinuxConfig const& config, HostFacts& host, ExecRequest const& request, Plan& plan);
// process.user's ids, where the maps are known.
void check_mapped(oci::User const& user, Plan const& plan);
// In the list: new or joined.
bool has_mount_namespace(oci::Spec const& spec);
// A user namespace in the list that is not simply the caller's own.
bool has_user_namespace(oci::LinuxConfig const& config, HostFacts& host);
void plan_cgroup(oci::LinuxConfig const& config, HostFacts& host, Request const& request, Plan& plan);
void plan_without_cgroup(Plan& plan);  // instead of plan_cgroup: --cgroup-manager disabled
// Of systemd, by which plan_cgroup's directories are made: its name and place, and what its devices are.
void plan_unit(oci::LinuxConfig const& config, HostFacts& host, Request const& request, Plan& plan);
void plan_unit_devices(Cgroup& cgroup);
// Behind plan_resources: the settings of the cgroup, as far as systemd knows them too.
void plan_unit_limits(Cgroup& cgroup);
// Behind plan_cgroup: run.oci.systemd.subgroup, and the properties that annotations ask for.
void plan_unit_annotations(oci::Annotations const& annotations, Plan& plan);
// A property of a unit from its annotation: the value is in the text format of GVariant.
kernel::UnitProperty unit_property(std::string_view name, std::string_view text, std::string const& where);
void plan_resources(oci::LinuxConfig const& config, HostFacts& host, Plan& plan);  // behind plan_cgroup
// run.oci.delegate-cgroup; empty: none.
std::string payload_cgroup(oci::Annotations const& annotations);
void plan_payload_cgroup(oci::Annotations const& annotations, Plan& plan);  // behind plan_cgroup
void plan_cgroup_owner(oci::Spec const& spec, Plan& plan);  // behind these and plan_mounts
void plan_rootfs(oci::Spec const& spec, Request const& request, Plan& plan);
void plan_mounts(oci::Spec const& spec, Plan& plan);
void plan_devices(oci::LinuxConfig const& config, Request const& request, Plan& plan);
// Behind plan_namespaces.
void plan_net_devices(oci::LinuxConfig const& config, Request const& request, HostFacts& host, Plan& plan);
void plan_intel_rdt(oci::LinuxConfig const& config, HostFacts& host, Plan& plan);
void plan_sysctls(oci::Spec const& spec, HostFacts& host, Plan& plan);
void plan_descriptors(Descriptors const& wanted, Process& process);
void plan_process(oci::Process const& process, HostFacts& host, Plan& plan);
inline constexpr char receiver_key[] = "run.oci.seccomp.receiver";
// `receiver`: the socket of an agent where the config names none; empty: none.
void plan_seccomp(oci::Spec const& spec, HostFacts& host, std::string const& receiver, Plan& plan);
oci::SeccompFeatures seccomp_features();

// "0-3,7": the numbers in it, ascending.
std::vector<unsigned> processors_of(std::string const& list, char const* where);
// process.execCPUAffinity, already at create.
void check_affinity(oci::Process const& process);
void plan_attributes(oci::Process const& process, oci::LinuxConfig const& config, Plan& plan);
void plan_annotations(oci::Annotations const& annotations, Plan& plan);
void plan_notify(Request const& request, Plan& plan);  // behind plan_mounts and plan_process
void plan_hooks(oci::Spec const& spec, Plan& plan);

// "linux.devices[3].path"
std::string at(std::string_view list, std::size_t index, std::string_view member = {});
// "annotations[\"KEY\"]"
std::string place_of_annotation(std::string_view key);
// "a/b": leads down from `what`, and nowhere else; Refusal otherwise.
void check_path_below(std::string const& path, std::string const& where, std::string_view what);
// An absolute path without NUL, "." or ".." left in it; Refusal otherwise.
std::string absolute_path(std::string const& path, std::string const& where);

// All words of an enumeration of the spec: for `features`.
template <class Enum>
oci::StringList all_words() {
  auto const words = oci::words<Enum>();
  return {words.begin(), words.end()};
}

// MS_* of "rslave" and its kin; 0: no word of propagation. `recursive` is told by the r in front.
unsigned long propagation_of(std::string_view word, bool& recursive);

}  // namespace orlop::plan
