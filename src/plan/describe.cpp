#include "describe.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

namespace orlop::plan {

Description Description::text(std::string value) { return {Kind::text, std::move(value), {}}; }
Description Description::number(std::uint64_t value) { return {Kind::plain, std::to_string(value), {}}; }
Description Description::boolean(bool value) { return {Kind::plain, value ? "true" : "false", {}}; }
Description Description::list() { return {Kind::list, {}, {}}; }

Description& Description::add(std::string key, Description member) {
  members.push_back({std::move(key), std::move(member)});
  return *this;
}

Description& Description::add(Description member) { return add({}, std::move(member)); }

Description Description::texts(std::vector<std::string> const& values) {
  Description all = list();
  for (auto const& value : values) all.add(text(value));
  return all;
}

namespace {

constexpr FlagWord namespace_words[] = {
    {CLONE_NEWUSER, "user"}, {CLONE_NEWPID, "pid"},     {CLONE_NEWNS, "mount"},      {CLONE_NEWUTS, "uts"},
    {CLONE_NEWIPC, "ipc"},   {CLONE_NEWNET, "network"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWTIME, "time"},
};

Description describe_offset(kernel::TimeOffset const& offset) {
  char const* const clock = offset.clock == kernel::Clock::monotonic ? "monotonic" : "boottime";
  return Description::text(concat({clock, " ", offset.seconds, " s ", offset.nanoseconds, " ns"}));
}

Description describe_namespaces(Namespaces const& namespaces) {
  Description section;
  if (!namespaces.joined.empty()) {
    Description joined = Description::list();
    for (auto const& one : namespaces.joined)
      joined.add(Description::text(concat({words_of(one.kind, namespace_words), " ", one.path})));
    section.add("joined", std::move(joined));
  }
  section.add("made by clone3", Description::text(words_of(namespaces.at_clone, namespace_words)));
  if (namespaces.by_child)
    section.add("then unshared", Description::text(words_of(namespaces.by_child, namespace_words)));
  if (!namespaces.time_offsets.empty()) {
    Description offsets = Description::list();
    for (auto const& offset : namespaces.time_offsets) offsets.add(describe_offset(offset));
    section.add("time offsets", std::move(offsets));
  }
  if (namespaces.loopback_up) section.add("lo", Description::text("up"));
  if (namespaces.after_cgroup)
    section.add("unshared inside the cgroup", Description::text(words_of(namespaces.after_cgroup, namespace_words)));
  return section;
}

Description describe_spans(kernel::IdSpans const& map) {
  Description list = Description::list();
  for (auto const& range : map)
    list.add(Description::text(concat({range.inside, " is ", range.outside, " outside, ", range.count, " in all"})));
  return list;
}

Description describe_user_namespace(UserNamespace const& user) {
  Description section;
  if (user.is_joined) section.add("joined", Description::boolean(true));
  if (!user.uids.empty()) section.add("uids", describe_spans(user.uids));
  if (!user.gids.empty()) section.add("gids", describe_spans(user.gids));
  if (user.uids_by_helper) section.add("uids written by", Description::text("newuidmap"));
  if (user.gids_by_helper) section.add("gids written by", Description::text("newgidmap"));
  if (user.denies_setgroups) section.add("setgroups", Description::text("deny"));
  if (!user.is_joined) section.add("owner", Description::text(concat({user.owner_uid, ":", user.owner_gid})));
  return section;
}

Description describe_net_devices(std::vector<kernel::NetDevice> const& devices) {
  Description section = Description::list();
  for (auto const& device : devices) section.add(Description::text(concat({device.name, " becomes ", device.new_name, ", up"})));
  return section;
}

Description describe_intel_rdt(IntelRdt const& rdt) {
  Description section;
  section.add("group", Description::text(concat({rdt.mount, "/", rdt.group.name})));
  if (rdt.group.must_exist) section.add("has to be there", Description::boolean(true));
  if (!rdt.group.expected.empty()) section.add("if it is there it has", Description::texts(rdt.group.expected));
  if (!rdt.group.schemata.empty()) section.add("schemata", Description::texts(rdt.group.schemata));
  if (!rdt.group.monitor.empty()) section.add("group for monitoring", Description::text(rdt.group.monitor));
  section.add("goes with the container", Description::boolean(rdt.is_own));
  return section;
}

Description describe_rootfs(Rootfs const& rootfs) {
  Description section;
  if (!rootfs.has_own_mounts()) {
    section.add("in the caller's mount namespace", Description::text(rootfs.path));
    return section;
  }
  section.add("propagation of all mounts", Description::text(propagation_text(rootfs.first_propagation, true)));
  section.add("bind", Description::text(rootfs.path));
  return section;
}

Description describe_device(Device const& device) {
  char const* const kind = device.node.kind == S_IFBLK ? "b" : device.node.kind == S_IFIFO ? "p" : "c";
  std::string text = concat({device.path, " ", kind});
  if (device.node.kind != S_IFIFO) text += concat({" ", device.node.major, ":", device.node.minor});
  text += concat({" mode ", octal(device.node.mode), " owner ", device.node.uid, ":", device.node.gid});
  if (device.is_made_outside) text += ", made outside of the user namespace";
  return Description::text(text);
}

Description describe_terminal(Terminal const& terminal) {
  Description section;
  section.add("pty", Description::text("of the container's own /dev/pts"));
  if (terminal.console) section.add("console", Description::text("/dev/console"));
  if (terminal.rows) section.add("rows", Description::number(*terminal.rows));
  if (terminal.columns) section.add("columns", Description::number(*terminal.columns));
  return section;
}

std::string capability_text(kernel::CapabilitySet set) {
  std::string text;
  for (unsigned i = 0; i < kernel::capability_count; ++i)
    if (set >> i & 1) text += concat({text.empty() ? "" : " ", kernel::capability_names[i]});
  return text.empty() ? "none" : text;
}

Description describe_capabilities(kernel::Capabilities const& set) {
  Description section;
  section.add("bounding", Description::text(capability_text(set.bounding)));
  section.add("effective", Description::text(capability_text(set.effective)));
  section.add("permitted", Description::text(capability_text(set.permitted)));
  section.add("inheritable", Description::text(capability_text(set.inheritable)));
  section.add("ambient", Description::text(capability_text(set.ambient)));
  return section;
}

std::string limit_text(std::uint64_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }

Description describe_rlimits(std::vector<kernel::Rlimit> const& limits) {
  Description section = Description::list();
  for (auto const& limit : limits)
    for (auto const& row : kernel::rlimit_names)
      if (row.resource == limit.resource)
        section.add(Description::text(concat({row.name, " soft ", limit_text(limit.soft), " hard ", limit_text(limit.hard)})));
  return section;
}

Description describe_user(kernel::Credentials const& user) {
  Description section;
  section.add("uid", Description::number(user.uid));
  section.add("gid", Description::number(user.gid));
  Description groups = Description::list();
  for (gid_t const gid : user.groups) groups.add(Description::number(gid));
  if (user.keep_groups)
    section.add("groups", Description::text("as orlop's caller has them"));
  else
    section.add("groups", std::move(groups));
  return section;
}

Description describe_sysctls(std::vector<kernel::Sysctl> const& sysctls) {
  Description section = Description::list();
  for (auto const& sysctl : sysctls)
    section.add(Description::text(concat({"/proc/sys/", sysctl.path, " = ", sysctl.value})));
  return section;
}

Description describe_process(Process const& process) {
  Description section;
  if (!process.session_keyring) section.add("session keyring", Description::text("the caller's"));
  section.add("rlimits", describe_rlimits(process.rlimits));
  describe_attributes(process, section);
  if (process.umask) section.add("umask", Description::text(octal(*process.umask)));
  section.add("user", describe_user(process.user));
  section.add("capabilities", describe_capabilities(process.capabilities));
  section.add("no new privileges", Description::boolean(process.no_new_privileges));
  section.add("working directory", Description::text(process.cwd));
  section.add("environment", Description::texts(process.env));
  if (process.seccomp) section.add("system calls", describe_seccomp(*process.seccomp));
  section.add("execute", Description::texts(process.args));
  return section;
}

std::string processors_text(std::vector<unsigned> const& processors) {
  std::string text;
  for (unsigned const one : processors) text += concat({text.empty() ? "" : " ", one});
  return text;
}

Description describe_exec(Plan const& plan) {
  Exec const& exec = *plan.exec;
  Description all;
  all.add("beside the init of", Description::text(plan.id));
  if (!exec.initial_processors.empty()) all.add("processors at first", Description::text(processors_text(exec.initial_processors)));
  all.add("cgroups", Description::texts(exec.cgroups));
  if (!exec.rdt_groups.empty()) all.add("intel rdt", Description::texts(exec.rdt_groups));
  all.add("or where init is", Description::boolean(exec.may_follow_init));
  if (!exec.final_processors.empty()) all.add("processors at last", Description::text(processors_text(exec.final_processors)));
  if (plan.process.terminal.wanted) all.add("terminal", describe_terminal(plan.process.terminal));
  if (!plan.rootfs.has_own_mounts()) all.add("root", describe_rootfs(plan.rootfs));
  all.add("process", describe_process(plan.process));
  if (!plan.notes.empty()) all.add("notes", Description::texts(plan.notes));
  if (!plan.warnings.empty()) all.add("warnings", Description::texts(plan.warnings));
  return all;
}

// What is done to the root once all is in it.
Description describe_root_change(Rootfs const& rootfs) {
  Description section;
  section.add("make it read-only", Description::boolean(rootfs.readonly));
  constexpr char const* ways[] = {"pivot_root", "move and chroot", "chroot"};
  section.add("enter it by", Description::text(ways[static_cast<int>(rootfs.change)]));
  if (rootfs.last_propagation)
    section.add("propagation", Description::text(propagation_text(rootfs.last_propagation, rootfs.last_propagation & MS_REC)));
  return section;
}

}  // namespace

Description describe(Plan const& plan) {
  if (plan.exec) return describe_exec(plan);
  Description all;
  all.add("container", Description::text(plan.id));
  all.add("bundle", Description::text(plan.bundle));
  all.add("cgroup", describe_cgroup(plan.cgroup));
  if (plan.intel_rdt) all.add("intel rdt", describe_intel_rdt(*plan.intel_rdt));
  all.add("namespaces", describe_namespaces(plan.namespaces));
  if (plan.user_namespace) all.add("user namespace", describe_user_namespace(*plan.user_namespace));
  if (!plan.net_devices.empty()) all.add("network devices moved in", describe_net_devices(plan.net_devices));
  all.add("root", describe_rootfs(plan.rootfs));
  if (plan.hostname) all.add("hostname", Description::text(*plan.hostname));
  if (plan.domainname) all.add("domainname", Description::text(*plan.domainname));
  if (!plan.sysctls.empty()) all.add("sysctls", describe_sysctls(plan.sysctls));
  Description mounts = Description::list();
  for (auto const& mount : plan.mounts) mounts.add(describe_mount(mount));
  all.add("mounts", std::move(mounts));
  Description devices = Description::list();
  for (auto const& device : plan.devices) devices.add(describe_device(device));
  all.add("devices", std::move(devices));
  Description symlinks = Description::list();
  for (auto const& link : plan.symlinks) symlinks.add(Description::text(concat({link.path, " -> ", link.target})));
  all.add("symlinks", std::move(symlinks));
  if (plan.process.terminal.wanted) all.add("terminal", describe_terminal(plan.process.terminal));
  all.add("masked paths", Description::texts(plan.masked_paths));
  if (auto const& label = plan.mount_label) all.add("label of masks", Description::text(concat({label->key, "=", label->value})));
  all.add("read-only paths", Description::texts(plan.readonly_paths));
  all.add("root change", describe_root_change(plan.rootfs));
  all.add("process", describe_process(plan.process));
  if (plan.hooks) all.add("hooks", describe_hooks(*plan.hooks));
  if (!plan.notes.empty()) all.add("notes", Description::texts(plan.notes));
  if (!plan.warnings.empty()) all.add("warnings", Description::texts(plan.warnings));
  return all;
}

}  // namespace orlop::plan
