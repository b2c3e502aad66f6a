// Nothing in a config is silently without effect.
#include "refusal.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/described.hpp"
#include "orlop/base/text.hpp"

#include <set>

namespace plan_test {

namespace {

using oci::Spec;

oci::LinuxResources& resources(Spec& spec) {
  if (!spec.linux_config->resources) spec.linux_config->resources.emplace();
  return *spec.linux_config->resources;
}
// What the plan knows of the members of an object of the config.
struct Known {
  oci::Type const* type;
  std::set<std::string_view> planned;
};
Known const known_members[] = {
    {oci::type_of<Spec>(),
     {"ociVersion", "process", "root", "hostname", "domainname", "mounts", "hooks", "annotations", "linux"}},
    {oci::type_of<oci::Hooks>(),
     {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
    {oci::type_of<oci::Hook>(), {"path", "args", "env", "timeout"}},
    {oci::type_of<oci::Root>(), {"path", "readonly"}},
    {oci::type_of<oci::Mount>(),
     {"destination", "type", "source", "options", "uidMappings", "gidMappings"}},
    {oci::type_of<oci::Process>(),
     {"terminal", "consoleSize", "user", "args", "env", "cwd", "capabilities", "rlimits", "noNewPrivileges", "oomScoreAdj",
      "scheduler", "ioPriority", "execCPUAffinity", "apparmorProfile", "selinuxLabel"}},
    {oci::type_of<oci::User>(), {"uid", "gid", "umask", "additionalGids"}},
    {oci::type_of<oci::LinuxConfig>(),
     {"uidMappings", "gidMappings", "timeOffsets", "resources", "cgroupsPath", "namespaces", "devices", "rootfsPropagation",
      "maskedPaths", "readonlyPaths", "sysctl", "seccomp", "memoryPolicy", "personality", "netDevices",
      "mountLabel", "intelRdt"}},
    {oci::type_of<oci::LinuxResources>(),
     {"devices", "memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified"}},
    {oci::type_of<oci::LinuxSeccomp>(),
     {"defaultAction", "defaultErrnoRet", "architectures", "flags", "listenerPath", "listenerMetadata", "syscalls"}},
    {oci::type_of<oci::LinuxSyscall>(), {"names", "action", "errnoRet", "args"}},
    {oci::type_of<oci::LinuxSeccompArg>(), {"index", "value", "valueTwo", "op"}},
    {oci::type_of<oci::LinuxDeviceCgroup>(), {"allow", "type", "major", "minor", "access"}},
    {oci::type_of<oci::LinuxIntelRdt>(), {"closID", "schemata", "l3CacheSchema", "memBwSchema", "enableMonitoring"}},
    {oci::type_of<oci::LinuxNetDevice>(), {"name"}},
    {oci::type_of<oci::LinuxDevice>(), {"type", "path", "major", "minor", "fileMode", "uid", "gid"}},
};

}  // namespace

TEST_CASE("known: objects that ask for nothing are no reason to refuse") {
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

// A member that oci-spec learns makes this fail, until it is planned.
TEST_CASE("known: no member of the config is forgotten") {
  for (auto const& known : known_members)
    for (auto const& member : known.type->members) {
      if (!member.type) continue;  // not of Linux, or passed over by oci-spec itself
      INFO(member.name);
      CHECK(known.planned.count(member.name) == 1);
    }
}

}  // namespace plan_test
