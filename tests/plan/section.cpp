// The tables behind the plan's sections, row by row against the kernel's own numbers, and all combinations of the
// namespaces.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/kernel/namespace.hpp"

#include <algorithm>
#include <linux/mount.h>
#include <sys/mount.h>

namespace plan_test {

namespace {

using oci::NamespaceKind;

orlop::plan::Plan plan_of(oci::Spec const& spec) {
  Table host;
  return orlop::plan::make(spec, host, {"web1", "/srv/bundle", false});
}

struct NamespaceRow {
  NamespaceKind kind;
  std::uint64_t flag;
  std::uint64_t orlop::plan::Namespaces::*made;
};
constexpr NamespaceRow namespace_rows[] = {
    {NamespaceKind::mount, CLONE_NEWNS, &orlop::plan::Namespaces::at_clone},
    {NamespaceKind::pid, CLONE_NEWPID, &orlop::plan::Namespaces::at_clone},
    {NamespaceKind::ipc, CLONE_NEWIPC, &orlop::plan::Namespaces::at_clone},
    {NamespaceKind::uts, CLONE_NEWUTS, &orlop::plan::Namespaces::at_clone},
    {NamespaceKind::network, CLONE_NEWNET, &orlop::plan::Namespaces::by_child},
    {NamespaceKind::cgroup, CLONE_NEWCGROUP, &orlop::plan::Namespaces::after_cgroup},
    {NamespaceKind::time, CLONE_NEWTIME, &orlop::plan::Namespaces::at_clone},
};
constexpr unsigned kind_count = std::size(namespace_rows);

std::vector<oci::LinuxNamespace> namespaces_of(unsigned combination) {
  std::vector<oci::LinuxNamespace> wanted;
  for (unsigned i = 0; i < kind_count; ++i)
    if (combination >> i & 1) wanted.push_back({namespace_rows[i].kind, ""});
  return wanted;
}

void check_namespaces(orlop::plan::Namespaces const& made, unsigned combination) {
  orlop::plan::Namespaces expected;
  for (unsigned i = 0; i < kind_count; ++i)
    if (combination >> i & 1) expected.*namespace_rows[i].made |= namespace_rows[i].flag;
  CHECK(made.at_clone == expected.at_clone);
  CHECK(made.by_child == expected.by_child);
  CHECK(made.after_cgroup == expected.after_cgroup);
  CHECK(made.loopback_up == (expected.by_child == CLONE_NEWNET));
}

struct AttributeRow {
  char const* word;
  std::uint64_t set, clear;
};
constexpr std::uint64_t atime = MOUNT_ATTR__ATIME;
constexpr AttributeRow attribute_rows[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},          {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},      {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},        {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},      {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0}, {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0}, {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"noatime", MOUNT_ATTR_NOATIME, atime}, {"atime", MOUNT_ATTR_RELATIME, atime},
    {"relatime", MOUNT_ATTR_RELATIME, atime}, {"norelatime", MOUNT_ATTR_RELATIME, atime},
    {"strictatime", MOUNT_ATTR_STRICTATIME, atime}, {"nostrictatime", MOUNT_ATTR_RELATIME, atime},
};

struct PropagationRow {
  char const* word;
  unsigned long flag;
  bool is_recursive;
  unsigned long root_first, root_last;  // as linux.rootfsPropagation
};
constexpr PropagationRow propagation_rows[] = {
    {"private", MS_PRIVATE, false, MS_PRIVATE, 0},
    {"rprivate", MS_PRIVATE, true, MS_PRIVATE, 0},
    {"slave", MS_SLAVE, false, MS_SLAVE, 0},
    {"rslave", MS_SLAVE, true, MS_SLAVE, 0},
    {"shared", MS_SHARED, false, MS_SLAVE, MS_SHARED},
    {"rshared", MS_SHARED, true, MS_SLAVE, MS_SHARED | MS_REC},
    {"unbindable", MS_UNBINDABLE, false, MS_SLAVE, MS_UNBINDABLE},
    {"runbindable", MS_UNBINDABLE, true, MS_SLAVE, MS_UNBINDABLE | MS_REC},
};

orlop::plan::Mount bind_with(oci::StringList options) {
  oci::Spec spec = base_spec();
  options.insert(options.begin(), "bind");
  spec.mounts = {{"/data", "", "/srv/data", std::move(options), {}, {}}};
  return plan_of(spec).mounts.at(0);
}

}  // namespace

TEST_CASE("namespaces: each of the 64 combinations of new ones, in either order") {
  constexpr unsigned with_mount = 1;
  for (unsigned combination = with_mount; combination < 1U << kind_count; combination += 2) {
    oci::Spec spec = base_spec();
    auto& wanted = spec.linux_config->namespaces;
    wanted = namespaces_of(combination);
    INFO("combination " << combination);
    check_namespaces(plan_of(spec).namespaces, combination);
    std::reverse(wanted.begin(), wanted.end());
    check_namespaces(plan_of(spec).namespaces, combination);
  }
}

TEST_CASE("namespaces: in the 64 without a mount namespace nothing is mounted, and that is said") {
  for (unsigned combination = 0; combination < 1U << kind_count; combination += 2) {
    oci::Spec spec = base_spec();
    spec.linux_config->namespaces = namespaces_of(combination);
    spec.mounts = {{"/data", "", "/srv/data", {"bind"}, {}, {}}};
    auto const plan = plan_of(spec);
    INFO("combination " << combination);
    check_namespaces(plan.namespaces, combination);
    CHECK(plan.mounts.empty());
    CHECK(plan.rootfs.change == orlop::plan::RootChange::in_place);
    REQUIRE(plan.warnings.size() == 1);
    CHECK(plan.warnings[0].ends_with("left out: /data"));
  }
}

TEST_CASE("namespaces: of each kind new, joined or the host's: all 3 to the 7th") {
  unsigned combinations = 1;
  for (unsigned i = 0; i < kind_count; ++i) combinations *= 3;
  for (unsigned combination = 0; combination < combinations; ++combination) {
    oci::Spec spec = base_spec();
    auto& wanted = spec.linux_config->namespaces;
    wanted.clear();
    orlop::plan::Namespaces expected;
    std::uint64_t joined = 0;
    for (unsigned i = 0, rest = combination; i < kind_count; ++i, rest /= 3) {
      auto const& row = namespace_rows[i];
      if (rest % 3 == 0) continue;
      wanted.push_back({row.kind, rest % 3 == 1 ? "" : "/run/ns"});
      if (rest % 3 == 1)
        expected.*row.made |= row.flag;
      else
        joined |= row.flag;
    }
    INFO("combination " << combination);
    auto const planned = plan_of(spec).namespaces;
    CHECK(planned.at_clone == expected.at_clone);
    CHECK(planned.by_child == expected.by_child);
    CHECK(planned.after_cgroup == expected.after_cgroup);
    CHECK(planned.loopback_up == planned.is_new(CLONE_NEWNET));  // another's interfaces are not ours to touch
    for (auto const& row : namespace_rows) {
      CHECK(planned.joins(row.flag) == ((joined & row.flag) != 0));
      CHECK(planned.has(row.flag) == (planned.is_new(row.flag) || planned.joins(row.flag)));
    }
  }
}

TEST_CASE("user namespace: one is added for an ordinary user, and for nobody else") {
  Table host;
  orlop::plan::Request request{"web1", "/srv/bundle", false};
  CHECK(!orlop::plan::make(base_spec(), host, request).user_namespace);
  request.caller = {1000, 1001};
  request.cgroup_may_lack = true;
  auto const plan = orlop::plan::make(base_spec(), host, request);
  CHECK(plan.namespaces.is_new(CLONE_NEWUSER));
  REQUIRE(plan.user_namespace);
  REQUIRE(plan.user_namespace->uids.size() == 1);
  CHECK(plan.user_namespace->uids[0].outside == 1000);
  CHECK(plan.user_namespace->gids[0].outside == 1001);
  CHECK(plan.user_namespace->has_ordinary_maker);
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].find("a user namespace is added") != std::string::npos);
}

TEST_CASE("mounts: every word of attributes, plain and for all below") {
  for (auto const& row : attribute_rows) {
    INFO(row.word);
    orlop::kernel::MountAttributes const expected{row.set, row.clear};
    auto const plain = bind_with({row.word});
    CHECK(plain.attributes == expected);
    CHECK(plain.recursive_attributes.is_empty());
    auto const recursive = bind_with({std::string{"r"} + row.word});
    CHECK(recursive.recursive_attributes == expected);
    CHECK(recursive.attributes.is_empty());
  }
}

TEST_CASE("mounts: of two words for one attribute the later wins") {
  for (auto const& row : attribute_rows)
    for (auto const& other : attribute_rows) {
      if ((row.set | row.clear) != (other.set | other.clear)) continue;
      INFO(other.word << ", then " << row.word);
      CHECK(bind_with({other.word, row.word}).attributes == orlop::kernel::MountAttributes{row.set, row.clear});
    }
}

TEST_CASE("mounts: attributes of different words add up") {
  auto const mount = bind_with({"nosuid", "noexec", "noatime", "rw", "nodiratime"});
  CHECK(mount.attributes.set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME));
  CHECK(mount.attributes.clear == (MOUNT_ATTR_RDONLY | atime));
}

TEST_CASE("mounts: what a bind takes no notice of is a warning, and recursion is not taken back") {
  auto spec = base_spec();
  spec.mounts.push_back({"/a", "", "/srv/a", {"ro", "mode=755", "rbind", "bind", "size=1k"}});
  auto const plan = plan_of(spec);
  auto const& mount = plan.mounts.back();
  CHECK(mount.options.empty());
  CHECK(mount.recursive);
  std::string const where = "mounts[" + std::to_string(mount.index) + "].options: ";
  std::string const why = " left out: it is an option of a file system, and a bind mount takes none";
  CHECK(plan.warnings == std::vector{where + "\"mode\"" + why, where + "\"size\"" + why});
}

TEST_CASE("user namespace: the map when the config leaves it to us") {
  using orlop::kernel::IdSpan;
  auto spec = base_spec();
  spec.linux_config->namespaces.push_back({oci::NamespaceKind::user, ""});
  auto const map = [&](std::uint32_t id, std::optional<IdSpan> aside, std::optional<orlop::plan::OrdinaryUser> caller) {
    spec.process->user.uid = spec.process->user.gid = id;
    Table host{{cgroup_layout("none"), all_controllers(), all_capabilities(), std::set<std::string>{}, true, "", "", "",
                std::set<std::string>{}, aside}};
    orlop::plan::Request request{"web1", "/srv/bundle", false};
    request.no_cgroup = true;
    request.caller = caller;
    auto const plan = orlop::plan::make(spec, host, request);
    CHECK(plan.user_namespace->uids == plan.user_namespace->gids);
    return plan.user_namespace->uids;
  };
  using orlop::kernel::IdSpans;
  CHECK(map(0, IdSpan{}, {}) == IdSpans{{0, 0, 1}});
  CHECK(map(7, IdSpan{}, {}) == IdSpans{{7, 0, 1}});
  CHECK(map(0, IdSpan{0, 100000, 65536}, {}) == IdSpans{{0, 0, 1}, {1, 100000, 65536}});
  CHECK(map(0, IdSpan{0, 100000, 65536}, {{1000, 1000}}) == IdSpans{{0, 1000, 1}, {1, 100000, 65536}});
  CHECK(map(7, IdSpan{0, 100000, 65536}, {{1000, 1000}}) == IdSpans{{0, 100000, 7}, {7, 1000, 1}, {8, 100007, 65529}});
  CHECK(map(7, IdSpan{0, 100000, 5}, {{1000, 1000}}) == IdSpans{{0, 100000, 5}, {7, 1000, 1}});
}

TEST_CASE("mounts: every word of propagation") {
  for (auto const& row : propagation_rows) {
    INFO(row.word);
    auto const mount = bind_with({row.word});
    CHECK(mount.propagation == std::vector<unsigned long>{row.flag});
    CHECK(mount.propagation_recursive == std::vector<bool>{row.is_recursive});
  }
}

TEST_CASE("root: every word of propagation") {
  CHECK(plan_of(base_spec()).rootfs.first_propagation == MS_SLAVE);
  CHECK(plan_of(base_spec()).rootfs.last_propagation == 0);
  for (auto const& row : propagation_rows) {
    oci::Spec spec = base_spec();
    spec.linux_config->rootfs_propagation = row.word;
    INFO(row.word);
    CHECK(plan_of(spec).rootfs.first_propagation == row.root_first);
    CHECK(plan_of(spec).rootfs.last_propagation == row.root_last);
  }
}

TEST_CASE("root: every spelling of its path") {
  struct Row {
    char const *written, *planned;
  };
  constexpr Row rows[] = {
      {"rootfs", "/srv/bundle/rootfs"}, {"./a/../rootfs/", "/srv/bundle/rootfs"}, {"../web", "/srv/web"},
      {".", "/srv/bundle"},             {"/images//web/.", "/images/web"},        {"/images/../web", "/web"},
  };
  for (auto const& row : rows) {
    oci::Spec spec = base_spec();
    spec.root->path = row.written;
    CHECK(plan_of(spec).rootfs.path == row.planned);
  }
}

TEST_CASE("cgroup: every spelling of its path stays below the mount point, on every layout") {
  struct Row {
    char const *written, *planned;
  };
  constexpr Row rows[] = {
      {"", "/web1"},       {"pods/1", "/pods/1"},          {"/pods/1", "/pods/1"},
      {"//pods/./1/", "/pods/1"}, {"../../etc/1", "/etc/1"}, {"/pods/../../1", "/1"},
  };
  for (char const* layout : {"v1", "hybrid", "v2", "none"})
    for (auto const& row : rows) {
      oci::Spec spec = base_spec();
      spec.linux_config->cgroups_path = row.written;
      Table host{{cgroup_layout(layout), {}, {}}};
      auto const plan = orlop::plan::make(spec, host, {"web1", "/srv/bundle", false});
      std::vector<orlop::kernel::CgroupDirectory> expected;
      for (auto const& hierarchy : cgroup_layout(layout)) expected.push_back({hierarchy, row.planned});
      INFO(layout << " " << row.written);
      CHECK(plan.cgroup.directories == expected);
    }
}

TEST_CASE("namespaces: a network is made at the clone where a small limit would have to pay for it") {
  struct Row {
    char const* layout;
    std::int64_t limit;
    bool at_clone;
  };
  // With v1 alone the process comes into its cgroup later.
  constexpr Row rows[] = {{"v2", 1 << 20, true}, {"v2", (4 << 20) - 1, true}, {"v2", 4 << 20, false}, {"v2", 1 << 30, false},
                          {"v2", -1, false}, {"v1-all", 1 << 20, false}};
  for (auto const& row : rows) {
    INFO(row.layout << " " << row.limit);
    oci::Spec spec = base_spec();
    spec.linux_config->namespaces = {{NamespaceKind::mount, ""}, {NamespaceKind::network, ""}};
    spec.linux_config->resources.emplace().memory.emplace().limit = row.limit;
    Table host{{cgroup_layout(row.layout), all_controllers(), all_capabilities()}};
    auto const made = orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}).namespaces;
    CHECK(made.at_clone == (CLONE_NEWNS | (row.at_clone ? CLONE_NEWNET : 0)));
    CHECK(made.by_child == (row.at_clone ? 0 : CLONE_NEWNET));
    CHECK(made.loopback_up);
  }
}

TEST_CASE("capabilities: what is left out is one warning, or none") {
  struct Row {
    oci::StringList wanted;
    std::vector<std::string> warnings;
  };
  Row const rows[] = {
      {{"CAP_KILL"}, {}},
      {{"CAP_FLY"}, {"process.capabilities: left out: unknown CAP_FLY"}},
      {{"CAP_FLYING", "CAP_FLY", "CAP_FLY"}, {"process.capabilities: left out: unknown CAP_FLYING, CAP_FLY"}},
      {{""}, {"process.capabilities: left out: unknown "}},
      {{"CAP_BPF"}, {"process.capabilities: left out: not held by orlop CAP_BPF"}},
  };
  auto held = all_capabilities();
  held.permitted &= ~(orlop::kernel::CapabilitySet{1} << *orlop::kernel::capability_of("CAP_BPF"));
  for (auto const& row : rows) {
    oci::Spec spec = base_spec();
    spec.process->capabilities = {row.wanted, row.wanted, row.wanted, row.wanted, row.wanted};
    Table host{{cgroup_layout("v2"), {}, held}};
    CHECK(orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}).warnings == row.warnings);
  }
}

}  // namespace plan_test
