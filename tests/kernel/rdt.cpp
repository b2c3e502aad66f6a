// On a pretended tree: directories and files with the names of resctrl's.
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/rdt.hpp"

#include <fcntl.h>
#include <filesystem>

using namespace orlop;
using harness::failure_of;
namespace fs = std::filesystem;

namespace {

struct Tree {
  explicit Tree(std::string const& scratch) : path{scratch} {
    fs::create_directories(path + "/mon_groups");
    fs::create_directories(path + "/info");
    put("schemata", "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n");
    put("tasks", "");
  }
  void put(std::string const& name, std::string const& text) const { file::replace(path + "/" + name, text, 0644); }
  std::string get(std::string const& name) const { return file::read(path + "/" + name); }
  // What the kernel puts into a new group.
  void fill(std::string const& name, std::string const& schemata) const {
    fs::create_directories(path + "/" + name + "/mon_groups");
    put(name + "/schemata", schemata);
    put(name + "/tasks", "");
  }
  Directory open() const { return {path::open_host(path, O_PATH | O_DIRECTORY), path}; }
  std::string path;
};

}  // namespace

TEST_CASE("rdt: where it is mounted") {
  constexpr char others[] = "22 1 0:21 / /proc rw - proc proc rw\n23 1 0:22 / /mnt/resctrl rw - tmpfs resctrl rw\n";
  CHECK(kernel::resctrl_mount(others) == "");
  CHECK(kernel::resctrl_mount(concat({others, "30 22 0:30 / /sys/fs/resctrl rw,nosuid shared:9 - resctrl resctrl rw\n"})) ==
        "/sys/fs/resctrl");
  CHECK(kernel::resctrl_mount("") == "");
}

TEST_CASE("rdt: a group that is there has to have the schemata, however its numbers are written") {
  harness::in_private_mounts([](std::string const& scratch) {
    Tree const tree{scratch};
    tree.fill("gold", "    MB:0= 20;1= 70\n    L3:0=0f0;1=00f\n");
    auto const failure = [&](std::vector<std::string> lines) {
      kernel::RdtGroup const group{"gold", false, lines, lines, ""};
      return failure_of([&] { kernel::make_rdt_group(tree.open(), group); });
    };
    CHECK(failure({"L3:0=f0;1=f", "MB:0=20;1=70"}) == "");
    CHECK(tree.get("gold/schemata") .starts_with("L3:0=f0;1=f\nMB:0=20;1=70\n"));
    CHECK(failure({"MB:1=70"}) == "");
    CHECK(failure({"MB:0=21"}) == scratch + "/gold is there already, and its schemata are not MB:0=21");
    CHECK(failure({"L3:2=f"}) != "");
    CHECK(failure({"L2:0=f"}) != "");
    CHECK(failure({"L3"}) != "");
  });
}

TEST_CASE("rdt: what is missing, and what has to be there") {
  harness::in_private_mounts([](std::string const& scratch) {
    Tree const tree{scratch};
    kernel::RdtGroup group{"web1", false, {}, {}, "web1"};
    std::vector<std::string> const both{scratch + "/web1", scratch + "/web1/mon_groups/web1"};
    CHECK(kernel::missing_rdt_groups(tree.open(), group) == both);
    CHECK(kernel::rdt_directories(scratch, group) == both);
    tree.fill("web1", "");
    CHECK(kernel::missing_rdt_groups(tree.open(), group) == std::vector<std::string>{both[1]});
    kernel::make_rdt_group(tree.open(), group);
    CHECK(fs::is_directory(both[1]));
    CHECK(kernel::missing_rdt_groups(tree.open(), group).empty());
    kernel::RdtGroup const absent{"silver", true, {}, {}, ""};
    CHECK(failure_of([&] { kernel::make_rdt_group(tree.open(), absent); }) ==
          scratch + "/silver does not exist, and no schemata are given to make it with");
    CHECK(kernel::missing_rdt_groups(tree.open(), absent).empty());
    kernel::RdtGroup const root{"", true, {}, {}, "web1"};
    kernel::make_rdt_group(tree.open(), root);
    CHECK(fs::is_directory(scratch + "/mon_groups/web1"));
  });
}

TEST_CASE("rdt: the kernel's own words are handed on") {
  harness::in_private_mounts([](std::string const& scratch) {
    Tree const tree{scratch};
    tree.put("info/last_cmd_status", "no free CLOSIDs\n");
    fs::remove_all(scratch + "/mon_groups");
    try {
      kernel::make_rdt_group(tree.open(), {"", true, {}, {}, "web1"});
      FAIL_CHECK("is made");
    } catch (Error const& error) {
      CHECK(error.hint() == "the kernel says: no free CLOSIDs");
    }
  });
}

TEST_CASE("rdt: entering and removing") {
  harness::in_private_mounts([](std::string const& scratch) {
    Tree const tree{scratch};
    kernel::enter_rdt_group(scratch, 42);
    CHECK(tree.get("tasks") == "42");
    fs::create_directory(scratch + "/web1");
    kernel::remove_rdt_group(scratch + "/web1");
    CHECK_FALSE(fs::exists(scratch + "/web1"));
    CHECK_NOTHROW(kernel::remove_rdt_group(scratch + "/web1"));
    CHECK(failure_of([&] { kernel::remove_rdt_group(scratch + "/info/.."); }) != "");
  });
}
