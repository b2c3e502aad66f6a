#include "section.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

namespace orlop::plan {

namespace {

struct Row {
  oci::NamespaceKind kind;
  char const* name;
  std::uint64_t flag;
};
constexpr Row rows[] = {
    {oci::NamespaceKind::pid, "pid", CLONE_NEWPID},       {oci::NamespaceKind::network, "network", CLONE_NEWNET},
    {oci::NamespaceKind::mount, "mount", CLONE_NEWNS},    {oci::NamespaceKind::ipc, "ipc", CLONE_NEWIPC},
    {oci::NamespaceKind::uts, "uts", CLONE_NEWUTS},       {oci::NamespaceKind::user, "user", CLONE_NEWUSER},
    {oci::NamespaceKind::cgroup, "cgroup", CLONE_NEWCGROUP}, {oci::NamespaceKind::time, "time", CLONE_NEWTIME},
};

Row const& row_of(oci::NamespaceKind kind) {
  for (Row const& row : rows)
    if (row.kind == kind) return row;
  return rows[0];
}

// When each kind is made: see the members of Namespaces.
void place(std::uint64_t kind, Namespaces& namespaces) {
  if (kind == CLONE_NEWNET) {
    namespaces.by_child |= kind;
    namespaces.loopback_up = true;
  } else if (kind == CLONE_NEWCGROUP) {
    namespaces.after_cgroup |= kind;
  } else {
    namespaces.at_clone |= kind;
  }
}

}  // namespace

void plan_namespaces(oci::LinuxConfig const& config, Plan& plan) {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < config.namespaces.size(); ++i) {
    auto const& wanted = config.namespaces[i];
    Row const& row = row_of(wanted.type);
    if (seen & row.flag) throw Refusal{at("linux.namespaces", i, "type"), concat({"a second ", row.name, " namespace"})};
    seen |= row.flag;
    if (!wanted.path.empty())
      throw Refusal{at("linux.namespaces", i, "path"), "joining a namespace is not supported by this version of orlop"};
    if (row.flag & (CLONE_NEWUSER | CLONE_NEWTIME))
      throw Refusal{at("linux.namespaces", i, "type"),
                    concat({"a new ", row.name, " namespace is not supported by this version of orlop"})};
    place(row.flag, plan.namespaces);
  }
  if (!(seen & CLONE_NEWNS))
    throw Refusal{"linux.namespaces", "a new mount namespace is needed: the container's mounts would be made on the host"};
}

}  // namespace orlop::plan
