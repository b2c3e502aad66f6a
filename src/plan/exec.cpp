#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

constexpr unsigned most_processors = 8192;  // CONFIG_NR_CPUS of the largest kernels

std::uint32_t id_of(std::string_view text, std::string_view whole, char const* option) {
  auto const id = whole_number(text);
  // 4294967295 means "unchanged" to the kernel: the process would stay root.
  if (!id || *id >= UINT32_MAX)
    throw Refusal{option, concat({json_quoted(whole), " is no number of the container's user namespace"})};
  return static_cast<std::uint32_t>(*id);
}

// "UID" or "UID:GID", in numbers: a name would be looked up in a file that belongs to the image.
void apply_user(std::string const& text, oci::User& user) {
  auto const colon = text.find(':');
  user.uid = id_of(std::string_view{text}.substr(0, colon), text, "--user");
  if (colon != std::string::npos) user.gid = id_of(std::string_view{text}.substr(colon + 1), text, "--user");
}

// A later entry of the same name wins: getenv(3) would find the first.
void apply_env(std::string const& entry, oci::StringList& env) {
  auto const equals = entry.find('=');
  if (equals == std::string::npos || equals == 0) throw Refusal{"--env", concat({json_quoted(entry), " is not NAME=VALUE"})};
  std::string_view const key = std::string_view{entry}.substr(0, equals + 1);
  std::erase_if(env, [&](std::string const& other) { return other.starts_with(key); });
  env.push_back(entry);
}

// Never inheritable or ambient: the program of another user would get them (CVE-2022-29162).
void apply_capability(std::string const& name, std::optional<oci::LinuxCapabilities>& capabilities) {
  if (!kernel::capability_of(name)) throw Refusal{"--cap", concat({json_quoted(name), " is no capability"})};
  if (!capabilities) capabilities.emplace();
  for (auto* const set : {&capabilities->bounding, &capabilities->effective, &capabilities->permitted})
    if (std::find(set->begin(), set->end(), name) == set->end()) set->push_back(name);
}

// The container's own process, with what the options say instead.
oci::Process changed(oci::Process process, ExecRequest const& request) {
  process.args = request.args;
  process.terminal = request.terminal;
  process.console_size.reset();  // it was the size of the terminal of the container's init
  if (process.cwd.empty()) process.cwd = "/";
  if (!request.cwd.empty()) process.cwd = request.cwd;
  if (!request.user.empty()) apply_user(request.user, process.user);
  for (auto const& gid : request.additional_gids)
    process.user.additional_gids.push_back(id_of(gid, gid, "--additional-gids"));
  for (auto const& entry : request.env) apply_env(entry, process.env);
  for (auto const& name : request.capabilities) apply_capability(name, process.capabilities);
  if (!request.apparmor.empty()) process.apparmor_profile = request.apparmor;
  if (!request.process_label.empty()) process.selinux_label = request.process_label;
  process.no_new_privileges |= request.no_new_privileges;
  return process;
}

// What the given process leaves open is as the container has it (runc's rule): no capabilities are not all of them.
oci::Process completed(oci::Process process, oci::Process const& container) {
  if (!process.capabilities) process.capabilities = container.capabilities;
  if (process.rlimits.empty()) process.rlimits = container.rlimits;
  if (process.apparmor_profile.empty()) process.apparmor_profile = container.apparmor_profile;
  if (process.selinux_label.empty()) process.selinux_label = container.selinux_label;
  if (!process.oom_score_adj) process.oom_score_adj = container.oom_score_adj;
  if (!process.scheduler) process.scheduler = container.scheduler;
  if (!process.io_priority) process.io_priority = container.io_priority;
  if (!process.exec_cpu_affinity) process.exec_cpu_affinity = container.exec_cpu_affinity;
  return process;
}

// Below the container's own directory and nowhere else: "..", which leads to its neighbours, is not taken at all.
std::string below(std::string const& directory, std::string_view path, std::string const& given) {
  for (auto const part : split(path, '/'))
    if (part == "..") throw Refusal{"--cgroup", concat({json_quoted(given), ": `..` components are not allowed: one leads out of the container's cgroup"})};
  return path::cleaned(path::joined(directory, concat({"./", path})));
}

kernel::CgroupHierarchy const* hierarchy_of(std::string const& directory, HostFacts& host) {
  for (auto const& hierarchy : host.cgroup_hierarchies())
    if (directory.starts_with(hierarchy.mount + "/")) return &hierarchy;
  return nullptr;
}

// "[CONTROLLER[,CONTROLLER]:]PATH": in the hierarchies of these controllers, or in all.
void apply_cgroup(std::string const& given, HostFacts& host, Exec& exec, std::vector<std::string> const& container) {
  auto const colon = given.find(':');
  bool const is_for_all = colon == std::string::npos || given.find('/') < colon;
  std::string_view const path = std::string_view{given}.substr(is_for_all ? 0 : colon + 1);
  if (is_for_all) {
    for (std::size_t i = 0; i < container.size(); ++i) exec.cgroups[i] = below(container[i], path, given);
    exec.own_cgroups = container;
    return;
  }
  for (auto const controller : split(std::string_view{given}.substr(0, colon), ',')) {
    bool is_found = false;
    for (std::size_t i = 0; i < container.size(); ++i) {
      auto const* const hierarchy = hierarchy_of(container[i], host);
      if (!hierarchy || !hierarchy->has(controller)) continue;
      exec.cgroups[i] = below(container[i], path, given);
      is_found = true;
    }
    if (!is_found) throw Refusal{"--cgroup", concat({"the container has no cgroup v1 directory of the controller ", json_quoted(controller)})};
  }
}

}  // namespace

std::vector<unsigned> processors_of(std::string const& list, char const* where) {
  std::vector<unsigned> all;
  for (auto const part : split(list, ',')) {
    auto const dash = part.find('-');
    auto const first = whole_number(trimmed(part.substr(0, dash)));
    auto const last = dash == std::string_view::npos ? first : whole_number(trimmed(part.substr(dash + 1)));
    if (!first || !last || *last < *first || *last >= most_processors)
      throw Refusal{where, concat({json_quoted(list), " is no list of processors, such as 0-3,7"})};
    for (auto one = *first; one <= *last; ++one) all.push_back(static_cast<unsigned>(one));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void check_affinity(oci::Process const& process) {
  if (!process.exec_cpu_affinity) return;
  processors_of(process.exec_cpu_affinity->initial, "process.execCPUAffinity.initial");
  processors_of(process.exec_cpu_affinity->final, "process.execCPUAffinity.final");
}

Plan make_exec(oci::Spec const& spec, HostFacts& host, ExecRequest const& request) {
  oci::Process const container = spec.process.value_or(oci::Process{});
  oci::Process const process = request.process ? completed(*request.process, container) : changed(container, request);
  Plan plan;
  plan.id = request.id;
  plan_user_namespace_of(spec.linux_config.value_or(oci::LinuxConfig{}), host, request, plan);
  if (plan.user_namespace) check_mapped(process.user, plan);
  plan.rootfs = {.path = request.rootfs, .change = has_mount_namespace(spec) ? RootChange::pivot_root : RootChange::in_place};
  if (request.denies_setgroups && !process.user.additional_gids.empty())
    throw Refusal{"process.user.additionalGids", "cannot be had: setgroups is denied in the container's user namespace"};
  plan.process.user.keep_groups = request.denies_setgroups;
  plan_process(process, host, plan);
  plan_descriptors(request.descriptors, plan.process);
  plan_labels(process, host, plan);
  plan_attributes(process, spec.linux_config.value_or(oci::LinuxConfig{}), plan);
  plan_annotations(spec.annotations, plan);
  plan_seccomp(spec, host, request.seccomp_receiver, plan);
  // The keyring of our caller is not the container's to search.
  plan.process.session_keyring = concat({"_ses.", plan.id});
  plan.process.terminal.console = false;  // /dev/console stays the terminal of init
  // What the container's own process asked for was said when it was made, and nobody wants to read it at every exec.
  if (!request.process && request.capabilities.empty()) {
    plan.notes.insert(plan.notes.end(), plan.warnings.begin(), plan.warnings.end());
    plan.warnings.clear();
  }
  Exec& exec = plan.exec.emplace();
  exec.cgroups = request.container_cgroups;
  if (auto const payload = payload_cgroup(spec.annotations); !payload.empty())
    for (auto& directory : exec.cgroups) directory += "/" + payload;
  exec.rdt_groups = request.rdt_groups;
  exec.may_follow_init = request.cgroups.empty();
  for (auto const& given : request.cgroups) apply_cgroup(given, host, exec, request.container_cgroups);
  if (auto const& affinity = process.exec_cpu_affinity) {
    exec.initial_processors = processors_of(affinity->initial, "process.execCPUAffinity.initial");
    exec.final_processors = processors_of(affinity->final, "process.execCPUAffinity.final");
  }
  return plan;
}

}  // namespace orlop::plan
