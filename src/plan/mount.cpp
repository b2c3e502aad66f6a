#include "mount_option.hpp"
#include "section.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"

#include <linux/mount.h>

namespace orlop::plan {

namespace {

// "mode=755" is a key with a value, "newinstance" a flag.
kernel::FilesystemOption filesystem_option(std::string const& text) {
  auto const equals = text.find('=');
  if (equals == std::string::npos) return {text, "", false};
  return {text.substr(0, equals), text.substr(equals + 1), true};
}

void apply_options(oci::Mount const& wanted, Mount& mount) {
  for (std::size_t i = 0; i < wanted.options.size(); ++i) {
    std::string const& option = wanted.options[i];
    auto const effect = apply_option(option, mount);
    if (effect == OptionEffect::unsupported)
      throw Refusal{concat({at("mounts", mount.index, "options"), "[", i, "]"}),
                    concat({"\"", option, "\" is not supported by this version of orlop"})};
    // Every devpts is an instance of its own since Linux 4.7, and the word is unknown to fsconfig(2) on some kernels.
    bool const is_implied = mount.type == "devpts" && option == "newinstance";
    if (effect == OptionEffect::not_ours && !option.empty() && !is_implied)
      mount.options.push_back(filesystem_option(option));
  }
}

void finish_bind(oci::Mount const& wanted, Request const& request, Mount& mount) {
  if (wanted.source.empty()) throw Refusal{at("mounts", mount.index, "source"), "is empty: a bind mount needs one"};
  // Relative to the bundle, as config.md says.
  if (wanted.source.front() != '/') mount.source = path::joined(request.bundle, wanted.source);
  if (!mount.options.empty())
    throw Refusal{at("mounts", mount.index, "options"),
                  concat({"\"", mount.options.front().key, "\" is an option of a file system, and a bind mount takes none"})};
}

// On v1 it is a tmpfs with many mounts, on v2 a view of the host's: neither has options of its own to set.
void finish_cgroup(Mount& mount) {
  mount.kind = MountKind::cgroup;
  if (!mount.options.empty())
    throw Refusal{at("mounts", mount.index, "options"),
                  concat({"\"", mount.options.front().key, "\" is an option of a file system, and a cgroup mount takes none"})};
}

void finish_filesystem(Mount& mount) {
  if (mount.type.empty() || mount.type == "none" || mount.type == "bind")
    throw Refusal{at("mounts", mount.index, "type"),
                  concat({"\"", mount.type, "\" is no file system; for a bind mount add the option bind or rbind"})};
  // As mount(2) does: a read-only mount of a new file system makes a read-only file system.
  if (mount.attributes.set & MOUNT_ATTR_RDONLY) mount.options.push_back({"ro", "", false});
}

Mount plan_mount(oci::Mount const& wanted, std::size_t index, Request const& request) {
  Mount mount;
  mount.index = index;
  if (wanted.destination.empty()) throw Refusal{at("mounts", index, "destination"), "is empty"};
  // A relative destination is deprecated, and means one relative to "/".
  mount.destination = path::cleaned(wanted.destination);
  if (mount.destination == "/") throw Refusal{at("mounts", index, "destination"), "is the container's root itself"};
  mount.type = wanted.type;
  mount.source = wanted.source;
  apply_options(wanted, mount);
  if (mount.kind == MountKind::bind)
    finish_bind(wanted, request, mount);
  else if (mount.type == "cgroup")
    finish_cgroup(mount);
  else
    finish_filesystem(mount);
  return mount;
}

}  // namespace

void plan_mounts(oci::Spec const& spec, Plan& plan) {
  Request const request{plan.id, plan.bundle};
  plan.mounts.reserve(spec.mounts.size());
  for (std::size_t i = 0; i < spec.mounts.size(); ++i) plan.mounts.push_back(plan_mount(spec.mounts[i], i, request));
}

}  // namespace orlop::plan
