// mounts add and remove: what can be added to a container that is there, and how.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/plan/mounts.hpp"

#include <sys/mount.h>

namespace plan_test {

namespace {

oci::Mount mount(std::string destination, std::string type, oci::StringList options) {
  oci::Mount made;
  made.destination = std::move(destination);
  made.type = std::move(type);
  made.source = "source";
  made.options = std::move(options);
  return made;
}

orlop::plan::Plan planned(std::vector<oci::Mount> wanted, bool has_user_namespace = false) {
  oci::Spec spec = base_spec();
  if (has_user_namespace) {
    spec.linux_config->namespaces.push_back({oci::NamespaceKind::user, ""});
    spec.linux_config->uid_mappings = {{0, 1000, 10}};
    spec.linux_config->gid_mappings = {{0, 1000, 10}};
  }
  spec.mounts = std::move(wanted);
  Table host{Table::Answers{}};
  orlop::plan::MountsRequest request;
  request.id = "web1";
  request.bundle = "/bundle";
  request.has_ordinary_caller = has_user_namespace;
  return orlop::plan::make_mounts(spec, host, request);
}

oci::Spec with(std::vector<oci::Mount> wanted) {
  oci::Spec spec = base_spec();
  spec.mounts = std::move(wanted);
  return spec;
}

std::string refusal_of(std::vector<oci::Mount> const& wanted, bool has_user_namespace = false) {
  try {
    planned(wanted, has_user_namespace);
  } catch (orlop::plan::Refusal const& refusal) {
    return refusal.what();
  }
  return "";
}

}  // namespace

TEST_CASE("mounts: they are planned as those of a config") {
  auto const plan = planned({mount("data/../x", "bind", {"rbind", "ro"}), mount("/t", "tmpfs", {"idmap=uids=0-1-1;gids=0-1-1"})});
  REQUIRE(plan.mounts.size() == 2);
  CHECK(plan.mounts[0].destination == "/x");
  CHECK(plan.mounts[0].source == "/bundle/source");
  CHECK(plan.mounts[0].recursive);
  CHECK(plan.mounts[1].id_map.uids.size() == 1);
  CHECK(plan.rootfs.first_propagation == MS_SLAVE);
  CHECK(planned({mount("/t", "tmpfs", {"idmap"})}, true).mounts[0].id_map.uids[0].outside == 1000);
}

TEST_CASE("mounts: what cannot be taken off again is not added") {
  CHECK(refusal_of({mount("/t", "tmpfs", {}), mount("/x", "bind", {"bind", "remount"})}) ==
        "mounts[1]: \"remount\" changes a mount, and adds none");
  CHECK(refusal_of({mount("/x", "tmpfs", {"remount"})}) == "mounts[0]: \"remount\" changes a mount, and adds none");
  CHECK(refusal_of({mount("/c", "cgroup", {})}) == "mounts[0]: a cgroup mount is made only together with its container");
  CHECK(refusal_of({mount("/l", "bind", {"bind", "copy-symlink"})}) ==
        "mounts[0]: \"copy-symlink\" makes a file, and no mount that could be removed");
  CHECK(refusal_of({mount("/x/..", "tmpfs", {})}) == "mounts[0].destination: is the container's root itself");
  CHECK(refusal_of({mount("/p", "proc", {})}).empty());
  CHECK(refusal_of({mount("/p", "proc", {})}, true) == "mounts[0]: a procfs can be added by root only");
}

TEST_CASE("mounts: none where the container has the host's mount namespace") {
  auto spec = with({mount("/t", "tmpfs", {})});
  spec.linux_config->namespaces.clear();
  Table host{Table::Answers{}};
  std::string const why = "the container has no mount namespace of its own: its mounts are the host's";
  CHECK_THROWS_WITH(orlop::plan::make_mounts(spec, host, {"web1", "/bundle"}), why);
  CHECK_THROWS_WITH(orlop::plan::make_unmounts(spec, "web1"), why);
}

TEST_CASE("mounts: only the destination counts for a removal") {
  auto const plan = orlop::plan::make_unmounts(with({mount("/a//b/", "nonsense", {"more nonsense"}), mount("c", "", {})}), "web1");
  REQUIRE(plan.mounts.size() == 2);
  CHECK(plan.mounts[0].destination == "/a/b");
  CHECK(plan.mounts[1].destination == "/c");
  CHECK_THROWS_WITH(orlop::plan::make_unmounts(with({mount("", "", {})}), "web1"), "mounts[0].destination: is empty");
}

}  // namespace plan_test
