#include "cgroup_tree.hpp"

#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/text.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace orlop;
using kernel::CgroupHierarchy;

namespace test {

namespace {

// Not by the code under test, which may be broken. The members were children of the test, and are gone.
bool is_removed(std::string const& directory) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    std::vector<std::string> found{directory};
    std::error_code absent;
    for (auto const& entry : std::filesystem::recursive_directory_iterator{directory, absent})
      if (entry.is_directory()) found.push_back(entry.path());
    for (auto one = found.rbegin(); one != found.rend(); ++one) rmdir(one->c_str());
    if (access(directory.c_str(), F_OK) < 0) return true;
    usleep(10'000);
  }
  return false;
}

}  // namespace

CgroupHierarchy CgroupTree::v1(std::string const& controller) { return {"", controller, {controller}, false}; }
CgroupHierarchy CgroupTree::v2() { return {"", "", {}, true}; }

CgroupTree::CgroupTree(CgroupHierarchy hierarchy)
    : hierarchy_{std::move(hierarchy)}, name_{concat({"/orlop-kernel-test-", getpid()})} {}

void CgroupTree::in_mounted(std::function<void(CgroupHierarchy const&)> const& body) const {
  harness::in_private_mounts([&](std::string const& scratch) {
    CgroupHierarchy mounted = hierarchy_;
    mounted.mount = scratch + "/cgroup";
    REQUIRE(mkdir(mounted.mount.c_str(), 0755) == 0);
    char const* const type = mounted.is_v2 ? "cgroup2" : "cgroup";
    char const* const data = mounted.is_v2 ? nullptr : mounted.name.c_str();
    if (mount(type, mounted.mount.c_str(), type, 0, data) < 0)
      harness::skip(concat({"no ", type, " ", mounted.name, " to mount: ", std::strerror(errno)}));
    body(mounted);
  });
}

CgroupTree::~CgroupTree() {
  try {
    in_mounted([&](CgroupHierarchy const& mounted) {
      CHECK(is_removed(mounted.mount + name_));
    });
  } catch (Catch::TestFailureException const&) {  // skipped: nothing was made
  }
}

void CgroupTree::use(std::function<void(CgroupHierarchy const&)> const& body) const {
  in_mounted([&](CgroupHierarchy const& mounted) {
    kernel::make_cgroup({mounted, name_});
    body(mounted);
  });
}

}  // namespace test
