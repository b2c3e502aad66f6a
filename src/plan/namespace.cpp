#include "section.hpp"

#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"

#include <algorithm>

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
void place(std::uint64_t kind, bool has_offsets, bool has_user, Namespaces& namespaces) {
  if (kind == CLONE_NEWNET) {
    namespaces.by_child |= kind;
    namespaces.loopback_up = true;
  } else if (kind == CLONE_NEWIPC && has_user) {
    namespaces.by_child |= kind;
  } else if (kind == CLONE_NEWCGROUP) {
    namespaces.after_cgroup |= kind;
  } else if (kind == CLONE_NEWTIME && has_offsets) {
    namespaces.by_child |= kind;
  } else {
    namespaces.at_clone |= kind;
  }
}

void join(oci::LinuxNamespace const& wanted, Row const& row, std::size_t index, HostFacts& host, Namespaces& namespaces) {
  std::string const where = at("linux.namespaces", index, "path");
  if (wanted.path.front() != '/') throw Refusal{where, concat({"\"", wanted.path, "\" is not an absolute path"})};
  if (row.flag == CLONE_NEWUSER && host.is_own_namespace(row.flag, wanted.path)) return;  // nothing to join: we are there
  if (row.flag == CLONE_NEWNS && host.is_own_namespace(row.flag, wanted.path))
    throw Refusal{where, "is the host's own: the container's root would become the root of the host"};
  namespaces.joined.push_back({row.flag, wanted.path, index});
}

constexpr struct {
  std::string_view name;
  kernel::Clock clock;
} clocks[] = {{"monotonic", kernel::Clock::monotonic}, {"boottime", kernel::Clock::boottime}};

kernel::TimeOffset offset_of(std::string const& name, oci::LinuxTimeOffset const& wanted) {
  constexpr std::uint32_t second = 1'000'000'000;
  for (auto const& row : clocks)
    if (row.name == name) {
      if (wanted.nanosecs >= second)
        throw Refusal{concat({"linux.timeOffsets.", name, ".nanosecs"}), concat({wanted.nanosecs, " is a second or more"})};
      return {row.clock, wanted.secs, wanted.nanosecs};
    }
  throw Refusal{concat({"linux.timeOffsets.", name}), concat({"unknown clock \"", name, "\" (monotonic or boottime)"})};
}

void plan_time_offsets(oci::LinuxConfig const& config, Namespaces& namespaces) {
  if (config.time_offsets.empty()) return;
  if (namespaces.joins(CLONE_NEWTIME))
    throw Refusal{"linux.timeOffsets", "cannot be given to a time namespace that is joined: its clocks run already"};
  if (!namespaces.is_new(CLONE_NEWTIME))
    throw Refusal{"linux.timeOffsets", "needs a new time namespace: this one is the host's"};
  for (auto const& [name, offset] : config.time_offsets) namespaces.time_offsets.push_back(offset_of(name, offset));
}

bool lists(oci::LinuxConfig const& config, oci::NamespaceKind kind) {
  auto const& all = config.namespaces;
  return std::any_of(all.begin(), all.end(), [&](auto const& one) { return one.type == kind; });
}

}  // namespace

bool has_user_namespace(oci::LinuxConfig const& config, HostFacts& host) {
  for (auto const& wanted : config.namespaces)
    if (wanted.type == oci::NamespaceKind::user)
      return wanted.path.empty() || !host.is_own_namespace(CLONE_NEWUSER, wanted.path);
  return false;
}

bool has_mount_namespace(oci::Spec const& spec) {
  return spec.linux_config && lists(*spec.linux_config, oci::NamespaceKind::mount);
}

void plan_namespaces(oci::LinuxConfig const& config, HostFacts& host, bool is_ordinary, Plan& plan) {
  std::uint64_t seen = 0;
  bool const adds_user = is_ordinary && !lists(config, oci::NamespaceKind::user);
  bool const has_user = adds_user || has_user_namespace(config, host);
  for (std::size_t i = 0; i < config.namespaces.size(); ++i) {
    auto const& wanted = config.namespaces[i];
    Row const& row = row_of(wanted.type);
    if (seen & row.flag) throw Refusal{at("linux.namespaces", i, "type"), concat({"a second ", row.name, " namespace"})};
    seen |= row.flag;
    if (!wanted.path.empty()) {
      join(wanted, row, i, host, plan.namespaces);
      continue;
    }
    place(row.flag, !config.time_offsets.empty(), has_user, plan.namespaces);
  }
  if (adds_user) {
    place(CLONE_NEWUSER, false, true, plan.namespaces);
    plan.warnings.push_back("linux.namespaces: a user namespace is added, which an ordinary user needs");
  }
  for (auto const& one : plan.namespaces.joined)
    if (one.kind == CLONE_NEWNS && plan.namespaces.is_new(CLONE_NEWUSER))
      throw Refusal{at("linux.namespaces", one.index, "path"),
                    "a mount namespace cannot be joined from a new user namespace, which has no right to it"};
  plan_time_offsets(config, plan.namespaces);
}

}  // namespace orlop::plan
