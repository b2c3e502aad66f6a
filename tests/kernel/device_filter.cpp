// The rules as the kernel applies them: device nodes are opened and made in cgroups of this machine.
#include "cgroup_tree.hpp"
#include "device_rules.hpp"
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using test::Access;
using test::CgroupTree;
using test::Rules;

namespace {

// Devices that every machine has, and whose opening does nothing: c 1:3, 1:5, 1:7, 1:8, 1:9.
constexpr std::uint32_t minors[] = {3, 5, 7, 8, 9};

// A directory with the nodes, on a tmpfs that allows devices.
std::string made_nodes(std::string const& directory) {
  REQUIRE(mkdir(directory.c_str(), 0755) == 0);
  REQUIRE(mount("nodes", directory.c_str(), "tmpfs", 0, nullptr) == 0);
  for (auto const minor : minors)
    REQUIRE(mknod(concat({directory, "/1:", minor}).c_str(), S_IFCHR | 0666, makedev(1, minor)) == 0);
  return directory;
}

// What the kernel says to an access. One that has mknod and more is two questions.
bool is_granted(std::string const& nodes, Access const& access) {
  bool granted = true;
  if (access.bits & device_mknod) {
    std::string const name = nodes + "/new";
    mode_t const kind = access.type == 'b' ? S_IFBLK : S_IFCHR;
    granted = mknod(name.c_str(), kind | 0666, makedev(access.major, access.minor)) == 0;
    unlink(name.c_str());
  }
  int const way = access.bits & (device_read | device_write);
  if (!granted || !way) return granted;
  int const flags = way == device_read ? O_RDONLY : way == device_write ? O_WRONLY : O_RDWR;
  int const fd = open(concat({nodes, "/", access.major, ":", access.minor}).c_str(), flags | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

void check_all(std::string const& nodes, Rules const& rules) {
  for (auto const minor : minors)
    for (std::uint8_t bits = 1; bits <= 7; ++bits) {
      Access const access{'c', 1, minor, bits};
      INFO(test::shown(rules) << " asked " << test::shown(access));
      CHECK(is_granted(nodes, access) == test::is_allowed(rules, access));
    }
  for (Access const& access : {Access{'b', 1, 3, device_mknod}, Access{'c', 2, 3, device_mknod},
                               Access{'c', 0xfff, 0xfffff, device_mknod}, Access{'b', 7, 0, device_mknod}}) {
    INFO(test::shown(rules) << " asked " << test::shown(access));
    CHECK(is_granted(nodes, access) == test::is_allowed(rules, access));
  }
}

using Filter = void (*)(std::string const&, Rules const&);

// A process in a cgroup of its own that has the rules.
void check_list(CgroupHierarchy const& hierarchy, std::string const& path, std::string const& nodes, Filter filter,
                Rules const& rules) {
  CgroupDirectory const cgroup{hierarchy, path};
  make_cgroup(cgroup);
  filter(cgroup.full(), rules);
  harness::in_child([&] {
    enter_cgroup(cgroup);
    check_all(nodes, rules);
  });
  CHECK(try_remove_cgroup(cgroup.full(), 1000));
}

std::vector<std::string> listed(std::string const& cgroup) {
  std::vector<std::string> lines;
  std::string const text = file::read(cgroup + "/devices.list");
  for (auto const line : split(text, '\n')) lines.emplace_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("device_filter: on v1 the kernel grants what the rules say") {
  CgroupTree const tree{CgroupTree::v1("devices")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const nodes = made_nodes(hierarchy.mount + "/../nodes");
    for (auto const& list : test::rule_lists()) {
      INFO(list.name);
      if (list.fits_v1) check_list(hierarchy, tree.name() + "/list", nodes, filter_devices_v1, list.rules);
    }
  });
}

TEST_CASE("device_filter: on v2 the kernel grants what the rules say") {
  CgroupTree const tree{CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const nodes = made_nodes(hierarchy.mount + "/../nodes");
    for (auto const& list : test::rule_lists()) {
      INFO(list.name);
      check_list(hierarchy, tree.name() + "/list", nodes, filter_devices_v2, list.rules);
    }
  });
}

TEST_CASE("device_filter: what a v1 list cannot hold is refused before anything is written") {
  CgroupTree const tree{CgroupTree::v1("devices")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const full = hierarchy.mount + tree.name();
    auto const before = listed(full);
    CHECK(harness::failure_of([&] {
            filter_devices_v1(full, {{true, 'c', 1, {}, 7}, {false, 'c', 1, 5, device_write}});
          }) == "the devices of a v1 cgroup cannot express \"c 1:5 w\" as an exception from \"c 1:* rwm\"");
    CHECK(listed(full) == before);
  });
}

TEST_CASE("device_filter: a v1 list reads back") {
  CgroupTree const tree{CgroupTree::v1("devices")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const full = hierarchy.mount + tree.name();
    filter_devices_v1(full, {{false, 'a', {}, {}, 7}, {true, 'c', 1, 3, 7}, {true, 'b', 7, {}, device_read}});
    CHECK(listed(full) == std::vector<std::string>{"b 7:* r", "c 1:3 rwm"});
    // Two rules are one only where one open(2) needs both.
    filter_devices_v1(full, {{true, 'b', 8, 20, device_read | device_write}, {true, 'b', {}, {}, device_mknod}});
    CHECK(listed(full) == std::vector<std::string>{"b *:* m", "b 8:20 rw"});
    filter_devices_v1(full, {{true, 'c', 1, 3, device_read}, {true, 'c', 1, {}, device_write}});
    CHECK(listed(full) == std::vector<std::string>{"c 1:* w", "c 1:3 rw"});
    filter_devices_v1(full, {{true, 'a', {}, {}, 7}});
    CHECK(listed(full) == std::vector<std::string>{"a *:* rwm"});
    filter_devices_v1(full, {});
    CHECK(listed(full).empty());
  });
}

TEST_CASE("device_filter: from one list to another, no more than differs") {
  DeviceRule const null{true, 'c', 1, 3, 7}, zero{true, 'c', 1, 5, 7}, zero_read{true, 'c', 1, 5, device_read};
  DeviceRule const zero_rest{true, 'c', 1, 5, device_mknod | device_write};
  auto const same = device_change({false, {null, zero}}, {false, {zero, null}});
  CHECK(same == DeviceChange{});
  CHECK(device_change({false, {null}}, {false, {zero}}) == DeviceChange{false, {zero}, {null}});
  CHECK(device_change({false, {zero_read}}, {false, {zero}}) == DeviceChange{false, {zero_rest}, {}});
  CHECK(device_change({false, {zero}}, {false, {zero_read}}) == DeviceChange{false, {}, {zero_rest}});
  CHECK(device_change({false, {zero}}, {true, {}}).anew);
}

TEST_CASE("device_filter: a v1 list that changes reads back") {
  CgroupTree const tree{CgroupTree::v1("devices")};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const full = hierarchy.mount + tree.name();
    Rules const none{{false, 'a', {}, {}, 7}};
    Rules const one{{false, 'a', {}, {}, 7}, {true, 'c', 1, 3, 7}, {true, 'b', 7, {}, device_read}};
    Rules const other{{false, 'a', {}, {}, 7}, {true, 'c', 1, 3, device_read}, {true, 'c', 1, 5, 7}};
    Rules const all_but{{true, 'a', {}, {}, 7}, {false, 'c', 1, 5, 7}};
    filter_devices_v1(full, one);
    change_devices_v1(full, one, other);
    CHECK(listed(full) == std::vector<std::string>{"c 1:3 r", "c 1:5 rwm"});
    change_devices_v1(full, other, one);
    CHECK(listed(full) == std::vector<std::string>{"b 7:* r", "c 1:3 rwm"});
    change_devices_v1(full, one, all_but);
    change_devices_v1(full, all_but, none);
    CHECK(listed(full).empty());
  });
}

TEST_CASE("device_filter: on v2 a program takes the place of the other") {
  CgroupTree const tree{CgroupTree::v2()};
  tree.use([&](CgroupHierarchy const& hierarchy) {
    std::string const nodes = made_nodes(hierarchy.mount + "/../nodes");
    CgroupDirectory const cgroup{hierarchy, tree.name() + "/replaced"};
    make_cgroup(cgroup);
    CHECK(harness::failure_of([&] { replace_devices_v2(cgroup.full(), {}); }).find("has 0 device programs") !=
          std::string::npos);
    filter_devices_v2(cgroup.full(), {});
    for (auto const& list : test::rule_lists()) {
      INFO(list.name);
      replace_devices_v2(cgroup.full(), list.rules);
      harness::in_child([&] {
        enter_cgroup(cgroup);
        check_all(nodes, list.rules);
      });
    }
  });
}

TEST_CASE("device_filter: what is absent is named") {
  harness::need_root();
  CHECK(harness::failure_of([] { filter_devices_v1("/no/such", {}); }) ==
        "open(\"/no/such/devices.deny\"): no such file or directory");
  CHECK(harness::failure_of([] { filter_devices_v2("/no/such", {}); }) ==
        "open(\"/no/such\"): no such file or directory");
  CHECK(harness::failure_of([] { filter_devices_v2("/etc", {}); }) ==
        "bpf(BPF_PROG_ATTACH, \"/etc\"): bad file descriptor");
}
