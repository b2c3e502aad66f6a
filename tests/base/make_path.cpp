// Making what is missing of a path inside a hostile root: directories, mount points of files, parents.
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "hostile_root.hpp"

#include "orlop/base/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

using namespace orlop;
using hostile::Root;

namespace {

using Make = Fd (*)(Directory const&, std::string_view);

// The outcome: the path inside the root that was made (or was there), or an errno.
struct Case {
  Make make;
  char const* path;
  char const* made;
  int code;
};

constexpr Make directories = path::make_directories, file_at = path::make_file;

Case const cases[] = {
    {directories, "/", ".", 0},
    {directories, "a", "a", 0},
    {directories, "/a/b/c/", "a/b/c", 0},
    {directories, "a/../../x", "x", 0},
    {directories, "../../y/z", "y/z", 0},
    {directories, "dir/new", "dir/new", 0},
    {directories, "link_abs/new", "dir/new", 0},
    {directories, "link_abs", "dir", 0},
    {directories, "dangling", "nowhere/at/all", 0},
    {directories, "dangling/x", "nowhere/at/all/x", 0},
    {directories, "dangling_slash", "elsewhere", 0},
    {directories, "out_abs/new", "outside/canary/new", 0},
    {directories, "out_rel/new", "canary/new", 0},
    {directories, "out_deep", "etc/passwd", 0},
    {directories, "file", nullptr, ENOTDIR},
    {directories, "file/x", nullptr, ENOTDIR},
    {directories, "link_file/x", nullptr, ENOTDIR},
    {directories, "loop_a", nullptr, ELOOP},
    {directories, "loop_a/x", nullptr, ELOOP},
    {directories, "proc/self/cwd/x", nullptr, ELOOP},
    {directories, "proc/self/ns/net/x", nullptr, ELOOP},
    {directories, "proc/made", nullptr, ENOENT},
    {file_at, "f", "f", 0},
    {file_at, "/a/b/f", "a/b/f", 0},
    {file_at, "dir/file", "dir/file", 0},
    {file_at, "link_file", "dir/file", 0},
    {file_at, "link_abs/f", "dir/f", 0},
    {file_at, "dangling", "nowhere/at/all", 0},
    {file_at, "out_abs/f", "outside/canary/f", 0},
    {file_at, "out_deep", "etc/passwd", 0},
    {file_at, "../../f", "f", 0},
    {file_at, "file/x", nullptr, ENOTDIR},
    {file_at, "self", nullptr, ELOOP},
    {file_at, "proc/self/root/x", nullptr, ELOOP},
};

void fill(Root const& root) {
  root.make_directory("dir");
  root.make_file("file");
  root.make_file("dir/file");
  root.make_link("link_abs", "/dir");
  root.make_link("link_file", "dir/file");
  root.make_link("dangling", "nowhere/at/all");
  root.make_link("dangling_slash", "elsewhere/");
  root.make_link("out_abs", "/outside/canary");
  root.make_link("out_rel", "../canary");
  root.make_link("out_deep", "../../../../../../../../etc/passwd");
  root.make_link("loop_a", "loop_b");
  root.make_link("loop_b", "loop_a");
  root.make_link("self", "self");
  root.mount_proc();
}

std::string identity(struct stat const& status) { return concat({status.st_dev, ":", status.st_ino}); }

void check_made(Root const& root, Case const& one, Fd const& fd) {
  struct stat made {}, wanted {};
  REQUIRE(fstat(fd, &made) == 0);
  REQUIRE(one.made);
  REQUIRE(lstat(root.inside(one.made).c_str(), &wanted) == 0);
  CHECK(identity(made) == identity(wanted));
  CHECK((made.st_mode & S_IFMT) == (one.make == directories ? S_IFDIR : S_IFREG));
  CHECK((made.st_mode & 07777) == (one.make == directories ? 0755U : 0644U));
}

void try_case(std::string const& scratch, Case const& one) {
  Root const root{scratch};
  fill(root);
  auto const before = hostile::snapshot(root.canary);
  auto const before_failure = hostile::snapshot(root.inside("dir"));
  int code = 0;
  try {
    check_made(root, one, one.make(root.directory, one.path));
  } catch (Error const& error) {
    code = error.code();
    CHECK(hostile::snapshot(root.inside("dir")) == before_failure);
  }
  CHECK(errno_text(code) == errno_text(one.code));
  CHECK(hostile::snapshot(root.canary) == before);
}

void try_all(bool walk) {
  for (Case const& one : cases) {
    INFO((walk ? "the walk: " : "openat2: ") << (one.make == directories ? "directories " : "file ") << one.path);
    harness::in_private_mounts([&](std::string const& scratch) {
      path::walk_only(walk);
      umask(022);
      try_case(scratch, one);
    });
  }
}

}  // namespace

TEST_CASE("make_path: the table, by openat2") { try_all(false); }
TEST_CASE("make_path: the table, by the walk") { try_all(true); }

TEST_CASE("make_path: what is there already stays as it is") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    hostile::with_both_resolvers([&] {
      auto const before = hostile::snapshot(root.inside("dir"));
      path::make_directories(root.directory, "dir");
      path::make_file(root.directory, "dir/file");
      CHECK(hostile::snapshot(root.inside("dir")) == before);
    });
  });
}

TEST_CASE("make_path: a read-only root is EROFS") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    REQUIRE(system(("mount -o remount,ro " + scratch).c_str()) == 0);
    hostile::with_both_resolvers([&] {
      for (Make const make : {directories, file_at}) {
        CHECK_THROWS_WITH(make(root.directory, "dir/new"), Catch::Matchers::EndsWith("read-only file system"));
        CHECK_NOTHROW(make(root.directory, make == directories ? "dir" : "dir/file"));
      }
    });
  });
}

TEST_CASE("make_path: a parent is made, its last component is only named") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    hostile::with_both_resolvers([&] {
      auto const place = path::make_parent(root.directory, "/link_abs/./made/null");
      CHECK(place.name == "null");
      CHECK(place.parent.path == "/root-of-test/link_abs/made");
      check_made(root, {directories, "", "dir/made", 0}, place.parent.fd);
      CHECK_FALSE(path::try_open_in(root.directory, "dir/made/null", O_PATH));

      auto const top = path::make_parent(root.directory, "console");
      CHECK(top.name == "console");
      CHECK(top.parent.path == "/root-of-test");
      check_made(root, {directories, "", ".", 0}, top.parent.fd);
    });
  });
}

TEST_CASE("make_path: the last component of a parent may be a link: it is not followed") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    auto const before = hostile::snapshot(root.canary);
    CHECK(path::make_parent(root.directory, "/out_rel").name == "out_rel");
    CHECK(path::make_parent(root.directory, "/loop_a").name == "loop_a");
    CHECK(hostile::snapshot(root.canary) == before);
  });
}
