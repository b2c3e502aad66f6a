// Every `throw Refusal` of src/plan.
#include "refusal.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/json.hpp"
#include "orlop/base/text.hpp"

namespace plan_test {

namespace {

using oci::Spec;
using Kind = oci::NamespaceKind;

std::string const no_version = " is not a version 1.x of the runtime-spec";
std::string const needs_mounts = "needs a mount namespace: this one is the host's";
std::string const no_root = "is the container's root itself: only a directory or a file system of files can become that";
std::string const no_file_system = " is no file system; for a bind mount add the option bind or rbind";
std::string const no_group = " is no name of a group";
std::string const no_device = " is no name of a network device";
std::string const no_right = " is a joined one, to which it has no right";
std::string const not_absolute = " is not an absolute path";

// The places that are in no config, since it is their absence that is refused.
bool is_absence(std::string const& why) {
  return why.starts_with("is missing") || why.starts_with("is empty") || why == "\"\"" + no_file_system;
}

oci::LinuxDevice character_device(std::string path) { return {"c", std::move(path), 1, 3, {}, {}, {}}; }
void add_device(Spec& spec, oci::LinuxDevice device) { spec.linux_config->devices.push_back(std::move(device)); }
void add_rule(Spec& spec, oci::LinuxDeviceCgroup rule) {
  if (!spec.linux_config->resources) spec.linux_config->resources.emplace();
  spec.linux_config->resources->devices.push_back(std::move(rule));
}
void add_mount(Spec& spec, std::string destination, std::string type, std::string source,
               oci::StringList options = {}) {
  spec.mounts.push_back({std::move(destination), std::move(type), std::move(source), std::move(options), {}, {}});
}
void add_limit(Spec& spec, std::string type, std::uint64_t soft, std::uint64_t hard) {
  spec.process->rlimits.push_back({std::move(type), hard, soft});
}
void add_namespace(Spec& spec, Kind kind, std::string path = "") {
  spec.linux_config->namespaces.push_back({kind, std::move(path)});
}
void add_net_device(Spec& spec, std::string name, std::string inside = "") {
  if (spec.linux_config->net_devices.empty()) add_namespace(spec, Kind::network);
  spec.linux_config->net_devices.emplace_back(std::move(name), oci::LinuxNetDevice{std::move(inside)});
}
void add_user_namespace(Spec& spec, std::vector<oci::LinuxIdMapping> map) {
  add_namespace(spec, Kind::user);
  spec.linux_config->uid_mappings = map;
  spec.linux_config->gid_mappings = std::move(map);
}
std::vector<oci::LinuxIdMapping> ranges(std::uint32_t count, std::uint32_t step) {
  std::vector<oci::LinuxIdMapping> map;
  for (std::uint32_t i = 0; i < count; ++i) map.push_back({i * step, i * step, 1});
  return map;
}
constexpr std::int64_t beyond_numbers = std::int64_t{1} << 32;

// clang-format off
RefusalRow const whole_rows[] = {
    {"ociVersion", "\"\"" + no_version, [](Spec& s) { s.oci_version = ""; }},
    {"ociVersion", "\"1.\"" + no_version, [](Spec& s) { s.oci_version = "1."; }},
    {"ociVersion", "\"0.9.0\"" + no_version, [](Spec& s) { s.oci_version = "0.9.0"; }},
    {"ociVersion", "\"2.0.0\"" + no_version, [](Spec& s) { s.oci_version = "2.0.0"; }},
    {"ociVersion", "\"11.0\"" + no_version, [](Spec& s) { s.oci_version = "11.0"; }},
    {"root", "is missing", [](Spec& s) { s.root.reset(); }},
    {"root.path", "is empty", [](Spec& s) { s.root->path = ""; }},
    {"root.path", "is the host's own root", [](Spec& s) { s.root->path = "/"; }},
    {"root.path", "is the host's own root", [](Spec& s) { s.root->path = "/images/.."; }},
    {"root.path", "is the host's own root", [](Spec& s) { s.root->path = "../../.."; }},
    {"hostname", "needs a new uts namespace: this one is the host's", [](Spec& s) { s.hostname = "web"; }},
    {"domainname", "needs a new uts namespace: this one is the host's", [](Spec& s) { s.domainname = "example.org"; }},
    {"linux.rootfsPropagation", "unknown propagation \"sideways\"",
     [](Spec& s) { s.linux_config->rootfs_propagation = "sideways"; }},
    {"linux.rootfsPropagation", "unknown propagation \"rrslave\"",
     [](Spec& s) { s.linux_config->rootfs_propagation = "rrslave"; }},
    {"linux.rootfsPropagation", "unknown propagation \"r\"", [](Spec& s) { s.linux_config->rootfs_propagation = "r"; }},
    {"linux.maskedPaths[1]", "\"proc/keys\"" + not_absolute,
     [](Spec& s) { s.linux_config->masked_paths = {"/a", "proc/keys"}; }},
    {"linux.maskedPaths[0]", "\"\"" + not_absolute, [](Spec& s) { s.linux_config->masked_paths = {""}; }},
    {"linux.readonlyPaths[1]", "\"./sys\"" + not_absolute,
     [](Spec& s) { s.linux_config->readonly_paths = {"/a", "./sys"}; }},
};

RefusalRow const namespace_rows[] = {
    {"root.readonly", needs_mounts, [](Spec& s) { s.linux_config->namespaces.clear(); s.root->readonly = true; }},
    {"linux.maskedPaths", needs_mounts, [](Spec& s) { s.linux_config->namespaces.clear(); s.linux_config->masked_paths = {"/a"}; }},
    {"linux.readonlyPaths", needs_mounts, [](Spec& s) { s.linux_config->namespaces.clear(); s.linux_config->readonly_paths = {"/a"}; }},
    {"linux.namespaces[1].type", "a second mount namespace",
     [](Spec& s) { add_namespace(s, Kind::mount); }},
    {"linux.namespaces[2].type", "a second pid namespace",
     [](Spec& s) { add_namespace(s, Kind::pid); add_namespace(s, Kind::pid, "/proc/1/ns/pid"); }},
    {"linux.namespaces[1].path", "\"proc/1/ns/net\"" + not_absolute,
     [](Spec& s) { add_namespace(s, Kind::network, "proc/1/ns/net"); }},
    {"linux.namespaces[0].path", "is the host's own: the container's root would become the root of the host",
     [](Spec& s) { s.linux_config->namespaces = {{Kind::mount, "/proc/1/ns/own"}}; }},
    {"hostname", "would be the host's: linux.namespaces[1].path is the host's own",
     [](Spec& s) { add_namespace(s, Kind::uts, "/proc/1/ns/own"); s.hostname = "web"; }},
    {"domainname", "would be the host's: linux.namespaces[1].path is the host's own",
     [](Spec& s) { add_namespace(s, Kind::uts, "/proc/1/ns/own"); s.domainname = "web"; }},
    {"linux.timeOffsets", "needs a new time namespace: this one is the host's",
     [](Spec& s) { s.linux_config->time_offsets = {{"boottime", {1, 0}}}; }},
    {"linux.timeOffsets", "cannot be given to a time namespace that is joined: its clocks run already",
     [](Spec& s) { add_namespace(s, Kind::time, "/proc/1/ns/time"); s.linux_config->time_offsets = {{"boottime", {1, 0}}}; }},
    {"linux.timeOffsets.realtime", "unknown clock \"realtime\" (monotonic or boottime)",
     [](Spec& s) { add_namespace(s, Kind::time); s.linux_config->time_offsets = {{"realtime", {1, 0}}}; }},
    {"linux.timeOffsets.boottime.nanosecs", "1000000000 is a second or more",
     [](Spec& s) { add_namespace(s, Kind::time); s.linux_config->time_offsets = {{"boottime", {1, 1'000'000'000}}}; }},
    {"linux.namespaces[0].path", "a mount namespace cannot be joined from a new user namespace, which has no right to it",
     [](Spec& s) { s.linux_config->namespaces = {{Kind::mount, "/run/ns"}}; add_user_namespace(s, {{0, 1000, 1}}); }},
};

RefusalRow const net_device_rows[] = {
    {"linux.netDevices", "needs a network namespace of its own: this one is the host's",
     [](Spec& s) { s.linux_config->net_devices = {{"eth1", {}}}; }},
    {"linux.netDevices", "are there already: linux.namespaces[1].path is the host's own",
     [](Spec& s) { add_namespace(s, Kind::network, "/proc/1/ns/own"); s.linux_config->net_devices = {{"eth1", {}}}; }},
    {"linux.netDevices.a/b", "\"a/b\"" + no_device, [](Spec& s) { add_net_device(s, "a/b"); }},
    {"linux.netDevices.eth%d", "\"eth%d\"" + no_device, [](Spec& s) { add_net_device(s, "eth%d"); }},
    {"linux.netDevices.sixteen-letters-", "\"sixteen-letters-\"" + no_device,
     [](Spec& s) { add_net_device(s, "sixteen-letters-"); }},
    {"linux.netDevices.eth1.name", "\"..\"" + no_device, [](Spec& s) { add_net_device(s, "eth1", ".."); }},
    {"linux.netDevices.eth1.name", "\"a b\"" + no_device, [](Spec& s) { add_net_device(s, "eth1", "a b"); }},
    {"linux.netDevices.eth1.name", "\"e%dx\"" + no_device, [](Spec& s) { add_net_device(s, "eth1", "e%dx"); }},
    {"linux.netDevices.eth1.name", "\"e%d%d\"" + no_device, [](Spec& s) { add_net_device(s, "eth1", "e%d%d"); }},
    {"linux.netDevices.eth2.name", "a second device with the name \"net0\"",
     [](Spec& s) { add_net_device(s, "eth1", "net0"); add_net_device(s, "eth2", "net0"); }},
    {"linux.netDevices.eth2", "a second device with the name \"eth2\"",
     [](Spec& s) { add_net_device(s, "eth1", "eth2"); add_net_device(s, "eth2"); }},
};

RefusalRow const rdt_rows[] = {
    {"linux.intelRdt", "needs the resctrl file system, and none is mounted on this host",
     [](Spec& s) { s.linux_config->intel_rdt.emplace(); }},
    {"linux.intelRdt.closID", "\"a/b\"" + no_group, [](Spec& s) { s.linux_config->intel_rdt.emplace().clos_id = "a/b"; }},
    {"linux.intelRdt.closID", "\"..\"" + no_group, [](Spec& s) { s.linux_config->intel_rdt.emplace().clos_id = ".."; }},
    {"linux.intelRdt.closID", "\"info\"" + no_group, [](Spec& s) { s.linux_config->intel_rdt.emplace().clos_id = "info"; }},
    {"linux.intelRdt.memBwSchema", "\"L3:0=1\" is not one line that begins with MB:",
     [](Spec& s) { s.linux_config->intel_rdt.emplace().mem_bw_schema = "L3:0=1"; }},
    {"linux.intelRdt.memBwSchema", "\"MB:0=1\\u000aL3:0=1\" is not one line that begins with MB:",
     [](Spec& s) { s.linux_config->intel_rdt.emplace().mem_bw_schema = "MB:0=1\nL3:0=1"; }},
    {"linux.intelRdt.schemata[1]", "is more than one line",
     [](Spec& s) { s.linux_config->intel_rdt.emplace().schemata = {{"L3:0=1", "L2:0=1\nMB:0=1"}}; }},
};

RefusalRow const label_rows[] = {
    {"process.apparmorProfile", "cannot be applied: AppArmor is not enabled on this host",
     [](Spec& s) { s.process->apparmor_profile = "web"; }},
    {"process.selinuxLabel", "cannot be applied: SELinux is not enabled on this host",
     [](Spec& s) { s.process->selinux_label = "a:b:c:s0"; }},
    {"annotations[\"run.oci.mount_context_type\"]", "\"seclabel\" is not context, fscontext, defcontext or rootcontext",
     [](Spec& s) { s.annotations = {{"run.oci.mount_context_type", "seclabel"}}; }},
};

RefusalRow const user_rows[] = {
    {"linux.uidMappings", "needs a user namespace in linux.namespaces",
     [](Spec& s) { s.linux_config->uid_mappings = {{0, 1000, 1}}; }},
    {"linux.gidMappings", "needs a user namespace in linux.namespaces",
     [](Spec& s) { s.linux_config->gid_mappings = {{0, 1000, 1}}; }},
    {"linux.uidMappings", "is empty: in a new user namespace nobody would have an id",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.linux_config->uid_mappings.clear(); }},
    {"linux.gidMappings", "is empty: in a new user namespace nobody would have an id",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.linux_config->gid_mappings.clear(); }},
    {"linux.uidMappings[0].size", "is 0: a range has at least one id",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 0}}); }},
    {"linux.uidMappings[0].containerID", "1 and the 4294967295 ids from there on end above the last id",
     [](Spec& s) { add_user_namespace(s, {{1, 0, UINT32_MAX}}); }},
    {"linux.uidMappings[0].hostID", "4294967295 and the 1 ids from there on end above the last id",
     [](Spec& s) { add_user_namespace(s, {{0, UINT32_MAX, 1}}); }},
    {"linux.uidMappings[1].containerID", "overlaps with linux.uidMappings[0]",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 10}, {9, 5000, 10}}); }},
    {"linux.gidMappings[1].hostID", "overlaps with linux.gidMappings[0]",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 10}}); s.linux_config->gid_mappings = {{0, 1000, 10}, {10, 1009, 1}}; }},
    {"linux.uidMappings", "341 ranges are more than the 340 that the kernel takes",
     [](Spec& s) { add_user_namespace(s, ranges(341, 2)); }},
    {"linux.uidMappings", "is longer than the page of text that the kernel takes",
     [](Spec& s) { add_user_namespace(s, ranges(340, 100'000)); }},
    {"process.user.uid", "1 is not in linux.uidMappings: nobody has this id in the container",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.process->user.uid = 1; }},
    {"process.user.gid", "0 is not in linux.gidMappings: nobody has this id in the container",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.linux_config->gid_mappings = {{5, 1000, 1}}; }},
    {"process.user.additionalGids[1]", "7 is not in linux.gidMappings: nobody has this id in the container",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 2}}); s.process->user.additional_gids = {1, 7}; }},
};

// Of an ordinary user, 1000:1000, whose cgroups cannot be made.
RefusalRow const ordinary_rows[] = {
    {"linux.namespaces", "a user namespace is needed where orlop is not root's (see orlop spec --rootless)",
     [](Spec& s) { add_namespace(s, Kind::user, "/proc/1/ns/own"); }},
    {"linux.namespaces[2].path", "can be joined by an ordinary user only together with the user namespace that owns it",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); add_namespace(s, Kind::network, "/run/net"); }},
    {"linux.timeOffsets", "cannot be given by an ordinary user in a user namespace that is joined",
     [](Spec& s) { add_namespace(s, Kind::user, "/run/user"); add_namespace(s, Kind::time); s.linux_config->time_offsets = {{"boottime", {1, 0}}}; }},
    {"linux.netDevices", "are the host's: only its root can give them away",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); add_net_device(s, "eth1"); }},
    {"process.user.additionalGids", "cannot be had where only the own gid of an ordinary user is mapped",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.process->user.additional_gids = {0}; }},
    {"linux.resources.pids", "needs the cgroup /sys/fs/cgroup/web1, and it cannot be made: /sys/fs/cgroup cannot be written "
     "(linux.cgroupsPath may name one below a cgroup that is delegated to the caller)",
     [](Spec& s) { add_user_namespace(s, {{0, 1000, 1}}); s.linux_config->resources.emplace().pids = {{5}}; }},
};

RefusalRow const cgroup_rows[] = {
    {"linux.cgroupsPath", "is the root of the hierarchy, which is the host's",
     [](Spec& s) { s.linux_config->cgroups_path = "/"; }},
    {"linux.cgroupsPath", "is the root of the hierarchy, which is the host's",
     [](Spec& s) { s.linux_config->cgroups_path = "pods/.."; }},
    {"linux.resources.devices[1].type", "unknown device type \"p\" (a, b or c)",
     [](Spec& s) { add_rule(s, {}); add_rule(s, {true, "p", {}, {}, ""}); }},
    {"linux.resources.devices[0].type", "unknown device type \"block\" (a, b or c)",
     [](Spec& s) { add_rule(s, {true, "block", {}, {}, ""}); }},
    {"linux.resources.devices[0].major", "-2 is no device number",
     [](Spec& s) { add_rule(s, {true, "c", -2, 0, "r"}); }},
    {"linux.resources.devices[0].major", "4294967296 is no device number",
     [](Spec& s) { add_rule(s, {true, "c", beyond_numbers, 0, "r"}); }},
    {"linux.resources.devices[0].minor", "-2 is no device number",
     [](Spec& s) { add_rule(s, {true, "c", 0, -2, "r"}); }},
    {"linux.resources.devices[0].minor", "4294967296 is no device number",
     [](Spec& s) { add_rule(s, {true, "c", 0, beyond_numbers, "r"}); }},
    {"linux.resources.devices[0].access", "\"rx\" is no combination of r, w and m",
     [](Spec& s) { add_rule(s, {true, "c", 0, 0, "rx"}); }},
};

RefusalRow const device_rows[] = {
    {"linux.devices[0].path", "\"dev/x\"" + not_absolute, [](Spec& s) { add_device(s, character_device("dev/x")); }},
    {"linux.devices[0].path", "\"\"" + not_absolute, [](Spec& s) { add_device(s, character_device("")); }},
    {"linux.devices[1].path", "/dev/x is listed twice",
     [](Spec& s) { add_device(s, character_device("/dev/x")); add_device(s, character_device("/dev//./x")); }},
    {"linux.devices[0].type", "unknown device type \"a\" (c, u, b or p)",
     [](Spec& s) { add_device(s, {"a", "/dev/x", 1, 3, {}, {}, {}}); }},
    {"linux.devices[0].type", "unknown device type \"\" (c, u, b or p)",
     [](Spec& s) { add_device(s, {"", "/dev/x", 1, 3, {}, {}, {}}); }},
    {"linux.devices[0].major", "is missing", [](Spec& s) { add_device(s, {"b", "/dev/x", {}, 3, {}, {}, {}}); }},
    {"linux.devices[0].minor", "is missing", [](Spec& s) { add_device(s, {"u", "/dev/x", 1, {}, {}, {}, {}}); }},
    {"linux.devices[0].major", "-1 is no device number",
     [](Spec& s) { add_device(s, {"c", "/dev/x", -1, 3, {}, {}, {}}); }},
    {"linux.devices[0].major", "4294967296 is no device number",
     [](Spec& s) { add_device(s, {"p", "/dev/x", beyond_numbers, 0, {}, {}, {}}); }},
    {"linux.devices[0].minor", "-1 is no device number",
     [](Spec& s) { add_device(s, {"c", "/dev/x", 1, -1, {}, {}, {}}); }},
    {"linux.devices[0].minor", "4294967296 is no device number",
     [](Spec& s) { add_device(s, {"c", "/dev/x", 1, beyond_numbers, {}, {}, {}}); }},
};

RefusalRow const mount_rows[] = {
    {"mounts[0].destination", "is empty", [](Spec& s) { add_mount(s, "", "tmpfs", "tmpfs"); }},
    {"mounts[0].destination", no_root, [](Spec& s) { add_mount(s, "/", "proc", "proc"); }},
    {"mounts[1].destination", no_root,
     [](Spec& s) { add_mount(s, "/a", "tmpfs", "tmpfs"); add_mount(s, "a/..", "cgroup", "cgroup"); }},
    {"mounts[0].destination", no_root, [](Spec& s) { add_mount(s, "/", "", "/a", {"bind", "copy-symlink"}); }},
    {"mounts[0].type", "\"\"" + no_file_system, [](Spec& s) { add_mount(s, "/a", "", "/srv/a"); }},
    {"mounts[0].type", "\"none\"" + no_file_system, [](Spec& s) { add_mount(s, "/a", "none", "/srv/a", {"ro"}); }},
    {"mounts[0].type", "\"bind\"" + no_file_system, [](Spec& s) { add_mount(s, "/a", "bind", "/srv/a", {"private"}); }},
    {"mounts[0].source", "is empty: a bind mount needs one",
     [](Spec& s) { add_mount(s, "/a", "bind", "", {"rbind"}); }},
    {"mounts[0].options[1]", "\"copy-symlink\" is for a bind mount",
     [](Spec& s) { add_mount(s, "/a", "tmpfs", "tmpfs", {"ro", "copy-symlink"}); }},
    {"mounts[0].options[0]", "\"src-nofollow\" is for a bind mount",
     [](Spec& s) { add_mount(s, "/a", "tmpfs", "tmpfs", {"src-nofollow"}); }},
    {"mounts[0].options[0]", "\"tmpcopyup\" is for a new tmpfs",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"tmpcopyup", "bind"}); }},
    {"mounts[0].options[1]", "\"tmpcopyup\" cannot be combined with a map of ids",
     [](Spec& s) { add_mount(s, "/a", "tmpfs", "", {"idmap=uids=0-1-1;gids=0-1-1", "tmpcopyup"}); }},
    {"mounts[0]", "ids can be mapped in a bind mount or a new file system only",
     [](Spec& s) { add_mount(s, "/a", "cgroup", "", {"idmap=uids=0-1-1;gids=0-1-1"}); }},
    {"mounts[0].options[1]", "\"idmap\" without ids means those of the container's user namespace, and it has none of its own",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap"}); }},
    {"mounts[0].options[1]", "\"ridmap=uids=0-1-1\" has to map both uids and gids",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "ridmap=uids=0-1-1"}); }},
    {"mounts[0].options[1]", "\"idmap=users=0-1-1\" is not idmap=uids=…;gids=…",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=users=0-1-1"}); }},
    {"mounts[0].options[1]", "\"idmap=uids=0-1\" has a range that is not FROM-TO-SIZE",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=uids=0-1"}); }},
    {"mounts[0].options[1]", "\"idmap=uids=0-1-4294967296\" has a range that is not FROM-TO-SIZE",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=uids=0-1-4294967296"}); }},
    {"mounts[0].options[1]", "\"idmap=uids=\" has an empty map",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=uids="}); }},
    {"mounts[0].options[1]", "has an empty range of ids",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=uids=0-1-0;gids=0-1-1"}); }},
    {"mounts[0].options[1]", "has a range of ids that ends above 4294967295",
     [](Spec& s) { add_mount(s, "/a", "", "/a", {"bind", "idmap=uids=0-1-1;gids=2-4294967295-2"}); }},
    {"mounts[0].options[1]", "\"idmap=uids=0-1-1\" contradicts the mount's uidMappings",
     [](Spec& s) { s.mounts = {{"/a", "", "/a", {"bind", "idmap=uids=0-1-1"}, {{0, 1, 1}}, {{0, 1, 1}}}}; }},
    {"mounts[0].uidMappings", "needs gidMappings beside it",
     [](Spec& s) { s.mounts = {{"/a", "", "/a", {"bind"}, {{0, 1, 1}}, {}}}; }},
    {"mounts[0].gidMappings", "needs uidMappings beside it",
     [](Spec& s) { s.mounts = {{"/a", "", "/a", {"bind"}, {}, {{0, 1, 1}}}}; }},
    {"mounts[0].type", "proc cannot be mounted from a new user namespace where the pid namespace" + no_right,
     [](Spec& s) {
       add_user_namespace(s, {{0, 1000, 1}});
       add_namespace(s, Kind::pid, "/run/ns");
       add_mount(s, "/proc", "proc", "proc");
     }},
    {"mounts[0].type", "mqueue cannot be mounted from a new user namespace where the ipc namespace" + no_right,
     [](Spec& s) {
       add_user_namespace(s, {{0, 1000, 1}});
       add_namespace(s, Kind::ipc, "/run/ns");
       add_mount(s, "/q", "mqueue", "mqueue");
     }},
    {"mounts[0].options", "\"xattr\" is an option of a file system, and a cgroup mount takes none",
     [](Spec& s) { add_mount(s, "/a", "cgroup", "cgroup", {"ro", "xattr"}); }},
};

RefusalRow const attribute_rows[] = {
    {"process.oomScoreAdj", "1001 is not between -1000 and 1000", [](Spec& s) { s.process->oom_score_adj = 1001; }},
    {"process.scheduler.priority", "-1 is below 0", [](Spec& s) { s.process->scheduler.emplace().priority = -1; }},
    {"process.scheduler",
     "sched_setattr: `SCHED_DEADLINE` requires `runtime`; sched_setattr: `SCHED_DEADLINE` runtime must be greater than 0",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 0, .deadline = 2000, .period = 2000}; }},
    {"process.scheduler", "sched_setattr: `SCHED_DEADLINE` requires `deadline`",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 2000, .deadline = 0, .period = 2000}; }},
    {"process.scheduler.runtime", "sched_setattr: `SCHED_DEADLINE` runtime 1023 must be between 1024 and 9223372036854775807 (nanoseconds)",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 1023, .deadline = 2000, .period = 2000}; }},
    {"process.scheduler.runtime", "sched_setattr: `SCHED_DEADLINE` runtime 9223372036854775808 must be between 1024 and 9223372036854775807 (nanoseconds)",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 9223372036854775808U, .deadline = 2000, .period = 2000}; }},
    {"process.scheduler.runtime", "sched_setattr: `SCHED_DEADLINE` runtime 2001 must be <= deadline 2000",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 2001, .deadline = 2000, .period = 2000}; }},
    {"process.scheduler.deadline", "sched_setattr: `SCHED_DEADLINE` deadline 2000 must be <= period 1999",
     [](Spec& s) { s.process->scheduler = {.policy = oci::SchedulerPolicy::deadline, .runtime = 1024, .deadline = 2000, .period = 1999}; }},
    {"process.scheduler.nice", "20 is not between -20 and 19", [](Spec& s) { s.process->scheduler.emplace().nice = 20; }},
    {"process.ioPriority.priority", "8 is not between 0 and 7", [](Spec& s) { s.process->io_priority.emplace().priority = 8; }},
    {"linux.memoryPolicy.nodes", "\"0-\" is no list of nodes such as 0-3,7", [](Spec& s) { s.linux_config->memory_policy.emplace().nodes = "0-"; }},
    {"linux.memoryPolicy.nodes", "\"32768\" is no list of nodes such as 0-3,7", [](Spec& s) { s.linux_config->memory_policy.emplace().nodes = "32768"; }},
    {"linux.memoryPolicy.nodes", "\"3-1\" runs backwards", [](Spec& s) { s.linux_config->memory_policy.emplace().nodes = "3-1"; }},
    {"linux.personality.flags", "the runtime-spec defines no flag", [](Spec& s) { s.linux_config->personality.emplace().flags = {"X"}; }},
};
RefusalRow const annotation_rows[] = {
    {"annotations[\"run.oci.handler\"]", "\"wasm\" is a handler that orlop does not have: it runs programs of this machine only", [](Spec& s) { s.annotations = {{"run.oci.handler", "wasm"}}; }},
    {"annotations[\"run.oci.delegate-cgroup\"]", "\"../victim\" is no path below the container's cgroup", [](Spec& s) { s.annotations = {{"run.oci.delegate-cgroup", "../victim"}}; }},
    {"annotations[\"run.oci.systemd.force_cgroup_v1\"]", "nothing is mounted at /sys/fs/cgroup", [](Spec& s) { s.annotations = {{"run.oci.systemd.force_cgroup_v1", "/sys/fs/cgroup"}}; }},
    {"annotations[\"run.oci.systemd.force_cgroup_v1\"]", "\"cgroup\"" + not_absolute, [](Spec& s) { s.annotations = {{"run.oci.systemd.force_cgroup_v1", "cgroup"}}; }},
    {"annotations[\"module.wasm.image/variant\"]", "asks for a WebAssembly engine, and orlop has none: it runs programs of this machine only", [](Spec& s) { s.annotations = {{"module.wasm.image/variant", "compat"}}; }},
};
RefusalRow const hook_rows[] = {
    {"hooks.prestart[1].path", "\"net\"" + not_absolute, [](Spec& s) { s.hooks.emplace().prestart = {{"/a", {}, {}, {}}, {"net", {}, {}, {}}}; }},
    {"hooks.poststop[0].path", "\"\"" + not_absolute, [](Spec& s) { s.hooks.emplace().poststop = {{"", {}, {}, {}}}; }},
    {"hooks.createRuntime[0].timeout", "0 is not a time to wait: it has to be above 0", [](Spec& s) { s.hooks.emplace().create_runtime = {{"/a", {}, {}, 0}}; }},
    {"hooks.startContainer[0].timeout", "-1 is not a time to wait: it has to be above 0", [](Spec& s) { s.hooks.emplace().start_container = {{"/a", {}, {}, -1}}; }},
    {"annotations[\"run.oci.hooks.stdout\"]", "\"log\"" + not_absolute, [](Spec& s) { s.hooks.emplace().poststart = {{"/a", {}, {}, {}}}; s.annotations = {{"run.oci.hooks.stdout", "log"}}; }},
};
RefusalRow const process_rows[] = {
    {"process.args", "is empty: nothing to run", [](Spec& s) { s.process->args.clear(); }},
    {"process.args[0]", "is empty: nothing to run", [](Spec& s) { s.process->args = {"", "x"}; }},
    {"process.cwd", "\"\"" + not_absolute, [](Spec& s) { s.process->cwd = ""; }},
    {"process.cwd", "\"home\"" + not_absolute, [](Spec& s) { s.process->cwd = "home"; }},
    {"process.consoleSize.height", "65536 is more than a terminal has",
     [](Spec& s) { s.process->terminal = true; s.process->console_size = {65536, 80}; }},
    {"process.consoleSize.width", "65536 is more than a terminal has",
     [](Spec& s) { s.process->terminal = true; s.process->console_size = {24, 65536}; }},
    {"process.rlimits[0].type", "unknown resource limit \"RLIMIT_FUN\"",
     [](Spec& s) { add_limit(s, "RLIMIT_FUN", 1, 1); }},
    {"process.rlimits[1].type", "a second RLIMIT_CORE",
     [](Spec& s) { add_limit(s, "RLIMIT_CORE", 1, 1); add_limit(s, "RLIMIT_CORE", 1, 1); }},
    {"process.rlimits[0].soft", "2 is above the hard limit 1", [](Spec& s) { add_limit(s, "RLIMIT_CORE", 2, 1); }},
    {"process.rlimits[0].soft", "18446744073709551615 is above the hard limit 1024",
     [](Spec& s) { add_limit(s, "RLIMIT_CORE", UINT64_MAX, 1024); }},
    {"process.capabilities.effective", "CAP_KILL, CAP_BPF is not in permitted, and the kernel wants it there",
     [](Spec& s) { s.process->capabilities = {{}, {"CAP_BPF", "CAP_CHOWN", "CAP_KILL"}, {}, {"CAP_CHOWN"}, {}}; }},
    {"process.user.uid", "4294967295 is no id: the kernel takes it for \"unchanged\"",
     [](Spec& s) { s.process->user.uid = UINT32_MAX; }},
    {"process.user.gid", "4294967295 is no id: the kernel takes it for \"unchanged\"",
     [](Spec& s) { s.process->user.gid = UINT32_MAX; }},
    {"process.user.umask", "512 is more than permission bits: 511, which is 0777, has them all",
     [](Spec& s) { s.process->user.umask = 512; }},
    {"process.user.additionalGids[1]", "4294967295 is no id: the kernel takes it for \"unchanged\"",
     [](Spec& s) { s.process->user.additional_gids = {1, UINT32_MAX}; }},
};
// clang-format on

template <std::size_t size>
void check_all(RefusalRow const (&rows)[size]) {
  for (auto const& row : rows) check_refusal(row);
}

}  // namespace

namespace {

void check_refusal(RefusalRow const& row, orlop::plan::Request const& request) {
  INFO(row.where << ": " << row.why);
  Spec spec = base_spec();
  row.change(spec);
  Table host;
  try {
    orlop::plan::make(spec, host, request);
    FAIL_CHECK("is not refused");
  } catch (orlop::plan::Refusal const& refusal) {
    CHECK(refusal.where() == row.where);
    CHECK(refusal.why() == row.why);
    CHECK(std::string{refusal.what()} == orlop::concat({row.where, ": ", row.why}));
    std::string const text = oci::print(spec, oci::Style::pretty);
    oci::Document const document{text, "config.json"};
    if (!is_absence(row.why)) CHECK(oci::find(document.root(), row.where) != nullptr);
  }
}

}  // namespace

void check_refusal(RefusalRow const& row) { check_refusal(row, {"web1", "/srv/bundle", false}); }

TEST_CASE("refused: of an ordinary user") {
  orlop::plan::Request request{"web1", "/srv/bundle", false};
  request.caller = {1000, 1000};
  request.cgroup_may_lack = true;
  for (auto const& row : ordinary_rows) check_refusal(row, request);
}

TEST_CASE("refused: to run what has no process") {
  orlop::plan::Request request{"web1", "/srv/bundle", false};
  request.runs = true;
  check_refusal({"process", "is missing: there is nothing to run", [](Spec& s) { s.process.reset(); }}, request);
}

TEST_CASE("refused: the whole") { check_all(whole_rows); }
TEST_CASE("refused: namespaces") { check_all(namespace_rows); }
TEST_CASE("refused: network devices") { check_all(net_device_rows); }
TEST_CASE("refused: intel rdt") { check_all(rdt_rows); }
TEST_CASE("refused: labels") { check_all(label_rows); }
TEST_CASE("refused: user namespace") { check_all(user_rows); }
TEST_CASE("refused: cgroup") { check_all(cgroup_rows); }
TEST_CASE("refused: devices") { check_all(device_rows); }
TEST_CASE("refused: mounts") { check_all(mount_rows); }
TEST_CASE("refused: process") { check_all(process_rows); }
TEST_CASE("refused: attributes") { check_all(attribute_rows); }
TEST_CASE("refused: annotations") { check_all(annotation_rows); }
TEST_CASE("refused: hooks") { check_all(hook_rows); }

TEST_CASE("refused: nothing of the smallest config") {
  Table host;
  CHECK_NOTHROW(orlop::plan::make(base_spec(), host, {"web1", "/srv/bundle", false}));
}

TEST_CASE("refused: no version 1.x") {
  for (char const* version : {"1.0", "1.0.0", "1.0.2-dev", "1.3.0-rc.1+build5", "1.99.0"}) {
    Spec spec = base_spec();
    spec.oci_version = version;
    Table host;
    CHECK_NOTHROW(orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}));
  }
}

TEST_CASE("refused: a refusal of the whole has no place") {
  CHECK(std::string{orlop::plan::Refusal{"", "why"}.what()} == "why");
}

}  // namespace plan_test
