#include "orlop/plan/make.hpp"

#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <sys/mount.h>

namespace orlop::plan {

std::string at(std::string_view list, std::size_t index, std::string_view member) {
  return concat({list, "[", index, "]", member.empty() ? "" : ".", member});
}

std::string absolute_path(std::string const& path, std::string const& where) {
  if (path.empty() || path.front() != '/') throw Refusal{where, concat({"\"", path, "\" is not an absolute path"})};
  return path::cleaned(path);
}

void check_path_below(std::string const& path, std::string const& where, std::string_view what) {
  bool is_good = !path.ends_with('/') && path.find('\0') == path.npos;
  for (auto const part : split(path, '/')) is_good = is_good && !part.empty() && part != "." && part != "..";
  if (!is_good) throw Refusal{where, concat({json_quoted(path), " is no path below ", what})};
}

namespace {

// 1.x in any spelling that semantic versioning allows: later minors add members, and those do no harm.
void check_version(std::string const& version) {
  if (version.size() < 3 || version.compare(0, 2, "1.") != 0)
    throw Refusal{"ociVersion", concat({"\"", version, "\" is not a version 1.x of the runtime-spec"})};
}

// A name of the host is not a container's to give. Another container's is: engines share it so.
void check_owns_names(HostFacts& host, Plan const& plan, char const* where) {
  if (!plan.namespaces.has(CLONE_NEWUTS)) throw Refusal{where, "needs a new uts namespace: this one is the host's"};
  for (auto const& joined : plan.namespaces.joined)
    if (joined.kind == CLONE_NEWUTS && host.is_own_namespace(CLONE_NEWUTS, joined.path))
      throw Refusal{where, concat({"would be the host's: ", at("linux.namespaces", joined.index, "path"), " is the host's own"})};
}

void plan_names(oci::Spec const& spec, HostFacts& host, Plan& plan) {
  if (!spec.hostname.empty()) {
    check_owns_names(host, plan, "hostname");
    plan.hostname = spec.hostname;
  }
  if (!spec.domainname.empty()) {
    check_owns_names(host, plan, "domainname");
    plan.domainname = spec.domainname;
  }
}

// Host mounts are never left shared with the container's: its own mounts would appear on the host. `shared` and
// `unbindable` are given to the new root at last, when the host's mounts are gone.
void plan_propagation(std::string const& word, Rootfs& rootfs) {
  rootfs.first_propagation = MS_SLAVE;
  if (word.empty()) return;
  bool recursive = false;
  unsigned long const propagation = propagation_of(word, recursive);
  if (!propagation) throw Refusal{"linux.rootfsPropagation", concat({"unknown propagation \"", word, "\""})};
  if (propagation == MS_PRIVATE) rootfs.first_propagation = MS_PRIVATE;
  if (propagation == MS_SHARED || propagation == MS_UNBINDABLE)
    rootfs.last_propagation = propagation | (recursive ? unsigned{MS_REC} : 0);
}

// A mount would be one of the host's, and stay. What the config adds is left out; what it hides or protects cannot be, for
// somebody relies on it.
void leave_out_mounts(oci::Spec const& spec, oci::LinuxConfig const& config, Plan& plan) {
  constexpr char needs_mounts[] = "needs a mount namespace: this one is the host's";
  if (plan.rootfs.readonly) throw Refusal{"root.readonly", needs_mounts};
  if (!config.masked_paths.empty()) throw Refusal{"linux.maskedPaths", needs_mounts};
  if (!config.readonly_paths.empty()) throw Refusal{"linux.readonlyPaths", needs_mounts};
  std::string left_out;
  auto const add = [&](std::string const& name) { left_out += concat({left_out.empty() ? "" : ", ", name}); };
  for (auto const& mount : plan.mounts) add(mount.destination);
  if (!spec.mounts.empty() && !config.mount_label.empty()) add("linux.mountLabel");
  if (!config.rootfs_propagation.empty()) add("linux.rootfsPropagation");
  if (plan.user_namespace) add("devices");
  plan.mounts.clear();
  plan.mount_label.reset();
  plan.rootfs.last_propagation = 0;
  plan.warnings.push_back(concat({"linux.namespaces: without a mount namespace the container has the host's, its root is entered by chroot, "
                                  "and nothing is mounted for it",
                                  left_out.empty() ? "" : "; left out: ", left_out}));
}

void plan_denied_groups(oci::Process const& process, Request const& request, Plan& plan) {
  if (!request.denies_setgroups) return;
  if (!process.user.additional_gids.empty())
    throw Refusal{"process.user.additionalGids", "cannot be had: setgroups is denied in orlop's own user namespace"};
  plan.process.user.keep_groups = true;
}

// A network namespace is charged to the cgroup of who makes it: some 75 KB, which a small limit would feel if that is a
// process that was born there. Its maker waits for it then. A machine with more processors and modules needs more than the
// one on which that was measured, and with this many times as much it is nothing that a program would miss.
constexpr std::uint64_t enough_for_a_network = 4 << 20;

bool has_little_memory(Cgroup const& cgroup) {
  for (auto const& setting : cgroup.settings)
    if (setting.file == "memory.max")
      if (auto const limit = whole_number(trimmed(setting.value)); limit && *limit < enough_for_a_network) return true;
  return false;
}

void spare_memory(Plan& plan) {
  if (plan.user_namespace || !plan.cgroup.born_in() || !has_little_memory(plan.cgroup)) return;
  plan.namespaces.at_clone |= plan.namespaces.by_child & CLONE_NEWNET;
  plan.namespaces.by_child &= ~std::uint64_t{CLONE_NEWNET};
}

}  // namespace

void plan_rootfs(oci::Spec const& spec, Request const& request, Plan& plan) {
  if (!spec.root) throw Refusal{"root", "is missing"};
  if (spec.root->path.empty()) throw Refusal{"root.path", "is empty"};
  bool const is_absolute = spec.root->path.front() == '/';
  plan.rootfs.path = path::cleaned(is_absolute ? spec.root->path : path::joined(request.bundle, spec.root->path));
  if (plan.rootfs.path == "/") throw Refusal{"root.path", "is the host's own root"};
  plan.rootfs.readonly = spec.root->readonly;
  plan.rootfs.change = request.no_pivot ? RootChange::move_and_chroot : RootChange::pivot_root;
  if (!plan.namespaces.has(CLONE_NEWNS)) plan.rootfs.change = RootChange::in_place;
  plan_propagation(spec.linux_config ? spec.linux_config->rootfs_propagation : "", plan.rootfs);
}

Plan make(oci::Spec const& spec, HostFacts& host, Request const& request) {
  check_version(spec.oci_version);
  if (!spec.process && request.runs) throw Refusal{"process", "is missing: there is nothing to run"};
  oci::LinuxConfig const nothing;
  oci::LinuxConfig const& config = spec.linux_config ? *spec.linux_config : nothing;
  Plan plan;
  plan.id = request.id;
  plan.bundle = request.bundle;
  plan_namespaces(config, host, request.caller.has_value(), plan);
  plan_user_namespace(spec, config, host, request, plan);
  if (request.no_cgroup)
    plan_without_cgroup(plan);
  else
    plan_cgroup(config, host, request, plan);
  plan_unit_annotations(spec.annotations, plan);
  plan_resources(config, host, plan);
  spare_memory(plan);
  plan_intel_rdt(config, host, plan);
  plan_net_devices(config, request, host, plan);
  plan_rootfs(spec, request, plan);
  plan_names(spec, host, plan);
  plan_mounts(spec, plan);
  plan_mount_label(spec, host, plan);
  plan_payload_cgroup(spec.annotations, plan);
  plan_cgroup_owner(spec, plan);
  if (!plan.rootfs.has_own_mounts()) leave_out_mounts(spec, config, plan);
  plan_devices(config, request, plan);
  plan_sysctls(spec, host, plan);
  if (spec.process) {
    plan_denied_groups(*spec.process, request, plan);
    plan_process(*spec.process, host, plan);
    plan_seccomp(spec, host, request.seccomp_receiver, plan);
    plan_labels(*spec.process, host, plan);
    if (!request.notify_directory.empty() && plan.rootfs.has_own_mounts()) plan_notify(request, plan);
  } else {
    plan.process.cwd = "/";  // of who keeps the namespaces for those that join them
  }
  if (!request.no_new_keyring) plan.process.session_keyring = concat({"_ses.", plan.id});
  plan_descriptors(request.descriptors, plan.process);
  plan_attributes(spec.process.value_or(oci::Process{}), config, plan);
  plan_annotations(spec.annotations, plan);
  plan_hooks(spec, plan);
  for (std::size_t i = 0; i < config.masked_paths.size(); ++i)
    plan.masked_paths.push_back(absolute_path(config.masked_paths[i], at("linux.maskedPaths", i)));
  for (std::size_t i = 0; i < config.readonly_paths.size(); ++i)
    plan.readonly_paths.push_back(absolute_path(config.readonly_paths[i], at("linux.readonlyPaths", i)));
  return plan;
}

}  // namespace orlop::plan
