#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>
#include <limits>
#include <linux/mount.h>

namespace orlop::plan {

namespace {

constexpr char notify_destination[] = "/run/notify";

using kernel::CapabilitySet;

// Collects what is left out, for one warning in all: "An unknown or ungrantable capability" is no failure (config.md).
struct Ignored {
  using Names = std::vector<std::string_view>;
  Names unknown, ungrantable;
  static void add(Names& names, std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  static std::string text(char const* reason, Names const& names) {
    std::string text;
    for (auto const name : names) text += concat({text.empty() ? reason : ",", " ", name});
    return text;
  }
};

CapabilitySet set_of(oci::StringList const& names, CapabilitySet grantable, Ignored& ignored) {
  CapabilitySet set = 0;
  for (auto const& name : names) {
    auto const number = kernel::capability_of(name);
    if (!number)
      Ignored::add(ignored.unknown, name);
    else if (!(grantable >> *number & 1))
      Ignored::add(ignored.ungrantable, name);
    else
      set |= CapabilitySet{1} << *number;
  }
  return set;
}

std::string names_of(CapabilitySet set) {
  std::string text;
  for (unsigned i = 0; i < kernel::capability_count; ++i)
    if (set >> i & 1) text += concat({text.empty() ? "" : ", ", kernel::capability_names[i]});
  return text;
}

void refuse_beyond(CapabilitySet effective, CapabilitySet permitted) {
  if (effective & ~permitted)
    throw Refusal{"process.capabilities.effective",
                  concat({names_of(effective & ~permitted), " is not in permitted, and the kernel wants it there"})};
}

// The kernel raises an ambient capability only if it is permitted and inheritable: capabilities(7). Old engines ask for
// ambient ones without the inheritable (runc 1.1's own `spec` does), and never got them.
void keep_raisable(kernel::Capabilities& set, Plan& plan) {
  CapabilitySet const impossible = set.ambient & ~(set.permitted & set.inheritable);
  if (!impossible) return;
  set.ambient &= ~impossible;
  plan.notes.push_back(concat({"process.capabilities.ambient: left out, for they are not permitted and inheritable: ",
                               names_of(impossible)}));
}

void plan_capabilities(oci::LinuxCapabilities const& wanted, HostFacts& host, Plan& plan) {
  // The first process of a user namespace has all of them there, whatever orlop has.
  constexpr CapabilitySet all = (CapabilitySet{1} << kernel::capability_count) - 1;
  Ignored ignored;
  CapabilitySet const asked = set_of(wanted.bounding, all, ignored);
  auto const grantable = plan.user_namespace ? kernel::Grantable{all, all} : host.grantable_capabilities(asked);
  auto& set = plan.process.capabilities;
  set.bounding = set_of(wanted.bounding, grantable.bounding, ignored);
  set.permitted = set_of(wanted.permitted, grantable.permitted, ignored);
  set.effective = set_of(wanted.effective, grantable.permitted, ignored);
  set.inheritable = set_of(wanted.inheritable, grantable.permitted, ignored);
  set.ambient = set_of(wanted.ambient, grantable.permitted, ignored);
  refuse_beyond(set.effective, set.permitted);
  keep_raisable(set, plan);
  if (!ignored.unknown.empty() || !ignored.ungrantable.empty())
    plan.warnings.push_back(concat({"process.capabilities: left out:", Ignored::text(" unknown", ignored.unknown),
                                    Ignored::text(" not held by orlop", ignored.ungrantable)}));
}

// setresuid(2) and its kin take -1 for "unchanged": the process would stay root.
std::uint32_t id_of(std::uint32_t id, std::string_view where) {
  if (id == UINT32_MAX)
    throw Refusal{std::string{where}, concat({id, " is no id: the kernel takes it for \"unchanged\""})};
  return id;
}

void plan_user(oci::User const& wanted, Process& process) {
  process.user.uid = id_of(wanted.uid, "process.user.uid");
  process.user.gid = id_of(wanted.gid, "process.user.gid");
  for (std::size_t i = 0; i < wanted.additional_gids.size(); ++i)
    process.user.groups.push_back(id_of(wanted.additional_gids[i], at("process.user.additionalGids", i)));
  if (wanted.umask.value_or(0) > 0777)
    throw Refusal{"process.user.umask",
                  concat({*wanted.umask, " is more than permission bits: 511, which is 0777, has them all"})};
  process.umask = wanted.umask;
}

void plan_rlimits(oci::Process const& process, Plan& plan) {
  for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
    auto const& wanted = process.rlimits[i];
    auto const resource = kernel::rlimit_of(wanted.type);
    std::string const where = at("process.rlimits", i, "type");
    if (!resource) throw Refusal{where, concat({"unknown resource limit \"", wanted.type, "\""})};
    for (auto const& earlier : plan.process.rlimits)
      if (earlier.resource == *resource) throw Refusal{where, concat({"a second ", wanted.type})};
    if (wanted.soft > wanted.hard)
      throw Refusal{at("process.rlimits", i, "soft"), concat({wanted.soft, " is above the hard limit ", wanted.hard})};
    plan.process.rlimits.push_back({*resource, wanted.soft, wanted.hard});
  }
}

unsigned short cells(std::uint64_t number, char const* where) {
  if (number > std::numeric_limits<unsigned short>::max()) throw Refusal{where, concat({number, " is more than a terminal has"})};
  return static_cast<unsigned short>(number);
}

void plan_terminal(oci::Process const& process, Plan& plan) {
  auto& terminal = plan.process.terminal;
  terminal.wanted = process.terminal;
  if (!process.terminal) return;  // consoleSize without a terminal is ignored, as config.md says
  terminal.console = plan.rootfs.has_own_mounts();
  if (!process.console_size) return;
  terminal.rows = cells(process.console_size->height, "process.consoleSize.height");
  terminal.columns = cells(process.console_size->width, "process.consoleSize.width");
}

}  // namespace

void plan_process(oci::Process const& process, HostFacts& host, Plan& plan) {
  if (process.args.empty()) throw Refusal{"process.args", "is empty: nothing to run"};
  if (process.args.front().empty()) throw Refusal{"process.args[0]", "is empty: nothing to run"};
  plan.process.args = process.args;
  plan.process.env = process.env;
  if (process.cwd.empty() || process.cwd.front() != '/')
    throw Refusal{"process.cwd", concat({"\"", process.cwd, "\" is not an absolute path"})};
  plan.process.cwd = process.cwd;
  plan_user(process.user, plan.process);
  plan.process.user.keep_groups |= plan.user_namespace && plan.user_namespace->denies_setgroups;
  plan.process.priorities_from_outside = plan.user_namespace && !plan.user_namespace->has_ordinary_maker;
  plan.process.no_new_privileges = process.no_new_privileges;
  plan_terminal(process, plan);
  plan_rlimits(process, plan);
  check_affinity(process);
  // Without the object, no capabilities at all: the container gets nothing by an omission.
  if (process.capabilities) plan_capabilities(*process.capabilities, host, plan);
}

// The socket comes later than the directory: so it is the directory that the container sees.
void plan_notify(Request const& request, Plan& plan) {
  constexpr std::string_view variable = "NOTIFY_SOCKET=";
  constexpr std::uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  Mount mount;
  mount.index = plan.mounts.size();
  mount.destination = notify_destination;
  mount.kind = MountKind::bind;
  mount.source = request.notify_directory;
  mount.attributes.set = attributes;
  plan.mounts.push_back(std::move(mount));
  plan.has_notify_directory = true;
  auto& env = plan.process.env;
  std::erase_if(env, [&](auto const& entry) { return entry.starts_with(variable); });
  env.push_back(concat({variable, notify_destination, "/", notify_name}));
}

}  // namespace orlop::plan
