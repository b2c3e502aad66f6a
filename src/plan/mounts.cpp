#include "orlop/plan/mounts.hpp"

#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

void check_has_mounts(oci::Spec const& spec) {
  if (!has_mount_namespace(spec)) throw Refusal{"", "the container has no mount namespace of its own: its mounts are the host's"};
}

// Only what can be taken off again: all are mounted, or none.
void check_addable(Mount const& mount, Plan const& plan) {
  std::string const where = at("mounts", mount.index);
  if (mount.destination == "/") throw Refusal{where + ".destination", "is the container's root itself"};
  if (mount.kind == MountKind::remount || mount.kind == MountKind::remount_filesystem)
    throw Refusal{where, "\"remount\" changes a mount, and adds none"};
  if (mount.kind == MountKind::cgroup) throw Refusal{where, "a cgroup mount is made only together with its container"};
  if (mount.copy_symlink) throw Refusal{where, "\"copy-symlink\" makes a file, and no mount that could be removed"};
  if (mount.type == "proc" && plan.user_namespace && plan.user_namespace->has_ordinary_maker)
    throw Refusal{where, "a procfs can be added by root only"};
}

}  // namespace

Plan make_mounts(oci::Spec const& spec, HostFacts& host, MountsRequest const& request) {
  check_has_mounts(spec);
  Plan plan;
  plan.id = request.id;
  plan.bundle = request.bundle;
  oci::LinuxConfig const nothing;
  oci::LinuxConfig const& config = spec.linux_config ? *spec.linux_config : nothing;
  plan_namespaces(config, host, request.has_ordinary_caller, plan);
  ExecRequest exec;
  exec.has_ordinary_caller = request.has_ordinary_caller;
  exec.denies_setgroups = request.denies_setgroups;
  plan_user_namespace_of(config, host, exec, plan);
  plan.process.user.keep_groups = request.denies_setgroups;
  plan_rootfs(spec, {request.id, request.bundle}, plan);
  plan_mounts(spec, plan);
  plan_mount_label(spec, host, plan);
  for (auto const& mount : plan.mounts) check_addable(mount, plan);
  return plan;
}

Plan make_unmounts(oci::Spec const& spec, std::string const& id) {
  check_has_mounts(spec);
  auto const& wanted = spec.mounts;
  Plan plan;
  plan.id = id;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].destination.empty()) throw Refusal{at("mounts", i, "destination"), "is empty"};
    Mount& mount = plan.mounts.emplace_back();
    mount.index = i;
    mount.destination = path::cleaned(wanted[i].destination);
  }
  return plan;
}

}  // namespace orlop::plan
