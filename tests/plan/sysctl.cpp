// Which kernel parameters a container may have. One row a refusal; golden/sysctl.json shows what is planned.
#include "base_spec.hpp"
#include "refusal.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

namespace plan_test {

namespace {

using oci::Spec;
using Kind = oci::NamespaceKind;

void want(Spec& spec, char const* key, char const* value = "1") { spec.linux_config->sysctl.push_back({key, value}); }
void own(Spec& spec, Kind kind) { spec.linux_config->namespaces.push_back({kind, ""}); }
std::string needs(char const* name) { return std::string{"needs a new "} + name + " namespace: this one is the host's"; }
std::string const host = "belongs to no namespace: it would change the host";
std::string const no_name = "is no name of a kernel parameter";

// clang-format off
RefusalRow const rows[] = {
    {"linux.sysctl[\"net.core.somaxconn\"]", needs("network"), [](Spec& s) { want(s, "net.core.somaxconn"); }},
    {"linux.sysctl[\"net/core/somaxconn\"]", needs("network"), [](Spec& s) { want(s, "net/core/somaxconn"); }},
    {"linux.sysctl[\"kernel.shmmax\"]", needs("ipc"), [](Spec& s) { own(s, Kind::network); want(s, "kernel.shmmax"); }},
    {"linux.sysctl[\"fs.mqueue.msg_max\"]", needs("ipc"), [](Spec& s) { want(s, "fs.mqueue.msg_max"); }},
    {"linux.sysctl[\"kernel.domainname\"]", needs("uts"), [](Spec& s) { want(s, "kernel.domainname"); }},
    {"linux.sysctl[\"user.max_user_namespaces\"]", needs("user"), [](Spec& s) { want(s, "user.max_user_namespaces"); }},
    {"linux.sysctl[\"kernel.hostname\"]", "is what the member hostname is for",
     [](Spec& s) { own(s, Kind::uts); want(s, "kernel.hostname"); }},
    {"linux.sysctl[\"kernel.domainname\"]", "contradicts the member domainname",
     [](Spec& s) { own(s, Kind::uts); s.domainname = "a"; want(s, "kernel.domainname", "b"); }},
    {"linux.sysctl[\"vm.swappiness\"]", host, [](Spec& s) { want(s, "vm.swappiness"); }},
    {"linux.sysctl[\"kernel.core_pattern\"]", host, [](Spec& s) { own(s, Kind::ipc); want(s, "kernel.core_pattern"); }},
    {"linux.sysctl[\"kernel.semi\"]", host, [](Spec& s) { own(s, Kind::ipc); want(s, "kernel.semi"); }},
    {"linux.sysctl[\"network.x\"]", host, [](Spec& s) { own(s, Kind::network); want(s, "network.x"); }},
    {"linux.sysctl[\"net\"]", host, [](Spec& s) { own(s, Kind::network); want(s, "net"); }},
    {"linux.sysctl[\"\"]", no_name, [](Spec& s) { want(s, ""); }},
    {"linux.sysctl[\"net/../kernel/core_pattern\"]", no_name,
     [](Spec& s) { own(s, Kind::network); want(s, "net/../kernel/core_pattern"); }},
    {"linux.sysctl[\"net.//.kernel.core_pattern\"]", no_name,
     [](Spec& s) { own(s, Kind::network); want(s, "net.//.kernel.core_pattern"); }},
    {"linux.sysctl[\"net/./core\"]", no_name, [](Spec& s) { own(s, Kind::network); want(s, "net/./core"); }},
    {"linux.sysctl[\"net..core\"]", no_name, [](Spec& s) { own(s, Kind::network); want(s, "net..core"); }},
    {"linux.sysctl[\"/net/core\"]", no_name, [](Spec& s) { own(s, Kind::network); want(s, "/net/core"); }},
    {"linux.sysctl[\"net.core.\"]", no_name, [](Spec& s) { own(s, Kind::network); want(s, "net.core."); }},
    {"linux.sysctl[\"net/ipv4/ip_forward\"]", "is the same as net.ipv4.ip_forward",
     [](Spec& s) { own(s, Kind::network); want(s, "net.ipv4.ip_forward"); want(s, "net/ipv4/ip_forward"); }},
};
// clang-format on

}  // namespace

TEST_CASE("refused: kernel parameters") {
  for (auto const& row : rows) check_refusal(row);
}

}  // namespace plan_test
