#include "section.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <net/if.h>

namespace orlop::plan {

namespace {

// What the kernel takes for a name; it makes its own number of a %d at the end.
void check_name(std::string const& name, std::string const& where, bool may_be_pattern) {
  std::string_view fixed = name;
  if (may_be_pattern && fixed.ends_with("%d")) fixed.remove_suffix(2);
  bool const is_name = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                       fixed.find_first_of("/:% \t\n\v\f\r") == fixed.npos;
  if (!is_name) throw Refusal{where, concat({json_quoted(name), " is no name of a network device"})};
}

void check_own_network(HostFacts& host, Namespaces const& namespaces) {
  constexpr char where[] = "linux.netDevices";
  if (!namespaces.has(CLONE_NEWNET)) throw Refusal{where, "needs a network namespace of its own: this one is the host's"};
  for (auto const& joined : namespaces.joined)
    if (joined.kind == CLONE_NEWNET && host.is_own_namespace(CLONE_NEWNET, joined.path))
      throw Refusal{where, concat({"are there already: ", at("linux.namespaces", joined.index, "path"), " is the host's own"})};
}

}  // namespace

void plan_net_devices(oci::LinuxConfig const& config, Request const& request, HostFacts& host, Plan& plan) {
  if (config.net_devices.empty()) return;
  if (request.caller) throw Refusal{"linux.netDevices", "are the host's: only its root can give them away"};
  check_own_network(host, plan.namespaces);
  for (auto const& [name, wanted] : config.net_devices) {
    std::string const where = concat({"linux.netDevices.", name});
    check_name(name, where, false);
    std::string const& new_name = wanted.name.empty() ? name : wanted.name;
    check_name(new_name, where + ".name", true);
    for (auto const& other : plan.net_devices)
      if (other.new_name == new_name && !other.has_pattern())
        throw Refusal{wanted.name.empty() ? where : where + ".name",
                      concat({"a second device with the name ", json_quoted(new_name)})};
    plan.net_devices.push_back({name, new_name});
  }
}

}  // namespace orlop::plan
