// What this version of orlop does not do is refused by name, and nothing in a config is silently without effect.
#include "refusal.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/described.hpp"
#include "orlop/base/text.hpp"

#include <set>

namespace plan_test {

namespace {

using oci::Spec;

struct Unsupported {
  char const* where;
  void (*change)(Spec& spec);
};

oci::LinuxResources& resources(Spec& spec) {
  if (!spec.linux_config->resources) spec.linux_config->resources.emplace();
  return *spec.linux_config->resources;
}
std::vector<oci::LinuxIdMapping> const one_id{{0, 1000, 1}};

// clang-format off
constexpr Unsupported unsupported_rows[] = {
    {"process.apparmorProfile", [](Spec& s) { s.process->apparmor_profile = "web"; }},
    {"process.selinuxLabel", [](Spec& s) { s.process->selinux_label = "a:b:c"; }},
    {"linux.mountLabel", [](Spec& s) { s.linux_config->mount_label = "a:b:c"; }},
    {"linux.intelRdt", [](Spec& s) { s.linux_config->intel_rdt.emplace(); }},
};
// clang-format on

std::string const not_supported = "is not supported by this version of orlop";

// Who knows of the members of an object of the config: the plan, or this list of what needs no plan.
struct Known {
  oci::Type const* type;
  std::set<std::string_view> planned, refused, without_effect;
};
Known const known_members[] = {
    {oci::type_of<Spec>(),
     {"ociVersion", "process", "root", "hostname", "domainname", "mounts", "hooks", "annotations", "linux"},
     {},
     {}},
    {oci::type_of<oci::Hooks>(),
     {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"},
     {},
     {}},
    {oci::type_of<oci::Hook>(), {"path", "args", "env", "timeout"}, {}, {}},
    {oci::type_of<oci::Root>(), {"path", "readonly"}, {}, {}},
    {oci::type_of<oci::Mount>(),
     {"destination", "type", "source", "options", "uidMappings", "gidMappings"},
     {},
     {}},
    {oci::type_of<oci::Process>(),
     {"terminal", "consoleSize", "user", "args", "env", "cwd", "capabilities", "rlimits", "noNewPrivileges", "oomScoreAdj",
      "scheduler", "ioPriority", "execCPUAffinity"},
     {"apparmorProfile", "selinuxLabel"},
     {}},
    {oci::type_of<oci::User>(), {"uid", "gid", "umask", "additionalGids"}, {}, {}},
    {oci::type_of<oci::LinuxConfig>(),
     {"uidMappings", "gidMappings", "timeOffsets", "resources", "cgroupsPath", "namespaces", "devices", "rootfsPropagation",
      "maskedPaths", "readonlyPaths", "sysctl", "seccomp", "memoryPolicy", "personality", "netDevices"},
     {"mountLabel", "intelRdt"},
     {}},
    {oci::type_of<oci::LinuxResources>(),
     {"devices", "memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified"},
     {},
     {}},
    {oci::type_of<oci::LinuxSeccomp>(),
     {"defaultAction", "defaultErrnoRet", "architectures", "flags", "listenerPath", "listenerMetadata", "syscalls"},
     {},
     {}},
    {oci::type_of<oci::LinuxSyscall>(), {"names", "action", "errnoRet", "args"}, {}, {}},
    {oci::type_of<oci::LinuxSeccompArg>(), {"index", "value", "valueTwo", "op"}, {}, {}},
    {oci::type_of<oci::LinuxDeviceCgroup>(), {"allow", "type", "major", "minor", "access"}, {}, {}},
    {oci::type_of<oci::LinuxNetDevice>(), {"name"}, {}, {}},
    {oci::type_of<oci::LinuxDevice>(), {"type", "path", "major", "minor", "fileMode", "uid", "gid"}, {}, {}},
};

}  // namespace

TEST_CASE("unsupported: refused by name") {
  for (auto const& row : unsupported_rows) check_refusal({row.where, not_supported, row.change});
}

TEST_CASE("unsupported: objects that ask for nothing are no reason to refuse") {
  Spec spec = base_spec();
  spec.hooks.emplace();
  resources(spec).memory.emplace();
  resources(spec).cpu.emplace();
  resources(spec).pids.emplace();
  resources(spec).block_io.emplace();
  resources(spec).network.emplace();
  Table host;
  CHECK_NOTHROW(orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}));
}

// A member that oci-spec learns makes this fail, until it is planned or refused.
TEST_CASE("unsupported: no member of the config is forgotten") {
  for (auto const& known : known_members)
    for (auto const& member : known.type->members) {
      if (!member.type) continue;  // not of Linux, or passed over by oci-spec itself
      INFO(member.name);
      CHECK(known.planned.count(member.name) + known.refused.count(member.name) +
                known.without_effect.count(member.name) == 1);
    }
}

}  // namespace plan_test
