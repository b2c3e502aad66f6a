// The working directory of a container: inside, and proven to be so (CVE-2024-21626).
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/pivot.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;

namespace {

std::string now() {
  char path[4096];
  return getcwd(path, sizeof path) ? path : "none";
}

std::string refusal(std::string const& path) {
  return "working directory \"" + path + "\" is outside of the container's root";
}

// The body runs with the new root as "/", which has a procfs; the argument is a descriptor of a directory outside.
void with_root(bool pivot, std::function<void(int outside)> const& body) {
  harness::in_private_mounts([&](std::string const& scratch) {
    std::string const root = scratch + "/root";
    std::filesystem::create_directories(scratch + "/outside/below");
    std::filesystem::create_directories(root);
    REQUIRE(mount("root", root.c_str(), "tmpfs", 0, nullptr) == 0);
    for (char const* name : {"/proc", "/home/user"}) std::filesystem::create_directories(root + name);
    REQUIRE(mount("proc", (root + "/proc").c_str(), "proc", 0, nullptr) == 0);
    Fd const outside = path::open_host(scratch + "/outside", O_RDONLY | O_DIRECTORY);
    if (pivot) pivot_into({path::open_host(root, O_PATH | O_DIRECTORY), root});
    else REQUIRE((chroot(root.c_str()) == 0 && chdir("/") == 0));
    body(outside);
  });
}

void try_all(bool pivot) {
  with_root(pivot, [](int outside) {
    std::string const leak = concat({"/proc/self/fd/", outside});
    change_directory_inside("/home/user");
    CHECK(now() == "/home/user");
    change_directory_inside("../..");
    CHECK(now() == "/");
    for (std::string const& path : {leak, leak + "/below", leak + "/.."}) {
      CHECK(failure_of([&] { change_directory_inside(path.c_str()); }) == refusal(path));
      REQUIRE(chdir("/") == 0);
    }
    std::filesystem::create_symlink(leak, "/cwd");
    CHECK(failure_of([] { change_directory_inside("/cwd"); }) == refusal("/cwd"));
    REQUIRE(chdir("/") == 0);
    Fd const inside = path::open_host("/home", O_PATH | O_DIRECTORY);
    CHECK_NOTHROW(change_directory_inside(concat({"/proc/self/fd/", static_cast<int>(inside)}).c_str()));
    CHECK(now() == "/home");
  });
}

}  // namespace

TEST_CASE("working directory: one outside is refused after a pivot") { try_all(true); }
TEST_CASE("working directory: one outside is refused after a chroot") { try_all(false); }

TEST_CASE("working directory: one that was removed is refused") {
  with_root(true, [](int) {
    Fd const removed = path::open_host("/home/user", O_PATH | O_DIRECTORY);
    std::filesystem::remove("/home/user");
    std::string const path = concat({"/proc/self/fd/", static_cast<int>(removed)});
    CHECK(failure_of([&] { change_directory_inside(path.c_str()); }) ==
          "getcwd(\"" + path + "\"): no such file or directory");
  });
}

TEST_CASE("working directory: what is absent or no directory is named") {
  harness::in_child([] {
    CHECK(failure_of([] { change_directory_inside("/no/such"); }) == "chdir(\"/no/such\"): no such file or directory");
    CHECK(failure_of([] { change_directory_inside("/dev/null"); }) == "chdir(\"/dev/null\"): not a directory");
  });
}
