// process.apparmorProfile, process.selinuxLabel and linux.mountLabel.
#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>

namespace orlop::plan {

namespace {

// The words of mount(8) for whose label it is.
constexpr std::string_view context_words[] = {"context", "fscontext", "defcontext", "rootcontext"};
constexpr char context_annotation[] = "run.oci.mount_context_type";

std::string context_word(oci::Annotations const& annotations) {
  for (auto const& [key, value] : annotations) {
    if (key != context_annotation) continue;
    if (std::find(std::begin(context_words), std::end(context_words), value) != std::end(context_words)) return value;
    throw Refusal{concat({"annotations[\"", key, "\"]"}),
                  concat({json_quoted(value), " is not context, fscontext, defcontext or rootcontext"})};
  }
  return "context";
}

bool has_context(Mount const& mount) {
  return std::any_of(mount.options.begin(), mount.options.end(), [](auto const& option) {
    return std::find(std::begin(context_words), std::end(context_words), option.key) != std::end(context_words);
  });
}

// proc and sysfs have labels of their own, which the policy knows; the root of a message queue has an attribute.
void label(Mount& mount, kernel::FilesystemOption const& option) {
  if (mount.kind != MountKind::filesystem || mount.type == "proc" || mount.type == "sysfs" || has_context(mount)) return;
  if (mount.type == "mqueue")
    mount.label = option.value;
  else
    mount.options.push_back(option);
}

}  // namespace

// A process that should be confined never runs without: nobody would see it.
void plan_labels(oci::Process const& process, HostFacts& host, Plan& plan) {
  auto const& profile = process.apparmor_profile;
  if (!profile.empty() && host.has_apparmor())
    plan.process.apparmor_profile = profile;
  else if (!profile.empty() && profile != "unconfined")
    throw Refusal{"process.apparmorProfile", "cannot be applied: AppArmor is not enabled on this host"};
  if (process.selinux_label.empty()) return;
  if (!host.has_selinux())
    throw Refusal{"process.selinuxLabel", "cannot be applied: SELinux is not enabled on this host"};
  plan.process.selinux_label = process.selinux_label;
}

void plan_mount_label(oci::Spec const& spec, HostFacts& host, Plan& plan) {
  std::string const wanted = spec.linux_config ? spec.linux_config->mount_label : "";
  std::string const word = context_word(spec.annotations);
  if (wanted.empty()) return;
  if (!host.has_selinux()) {
    plan.warnings.push_back("linux.mountLabel: left out, for SELinux is not enabled on this host");
    return;
  }
  plan.mount_label = {word, wanted, true};
  for (auto& mount : plan.mounts) label(mount, *plan.mount_label);
}

}  // namespace orlop::plan
