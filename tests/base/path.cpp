// Opening inside a hostile root: one table, both resolvers.
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/refuse.hpp"
#include "hostile_root.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop;
using hostile::Root;

namespace {

void fill(Root const& root) {
  for (char const* name : {"dir/sub", "deep/a/b/c"}) root.make_directory(name);
  for (char const* name : {"file", "dir/file"}) root.make_file(name);
  root.make_link("link_abs", "/dir");
  root.make_link("link_rel", "dir");
  root.make_link("link_slash", "dir/");
  root.make_link("link_file", "dir/file");
  root.make_link("link_file_slash", "dir/file/");
  root.make_link("link_file_dot", "/file/.");
  root.make_link("out_abs", root.canary);
  root.make_link("out_rel", "../canary");
  root.make_link("out_deep", "../../../../../../../../../etc/passwd");
  root.make_link("to_root", "/");
  root.make_link("to_parent", "..");
  root.make_link("dangling", "nowhere/at/all");
  root.make_link("loop_a", "loop_b");
  root.make_link("loop_b", "/loop_a");
  root.make_link("self", "self");
  root.make_link("chain1", "chain2/sub");
  root.make_link("chain2", "/to_root/chain3");
  root.make_link("chain3", "deep/../dir");
  root.make_link("deep/a/b/c/up", "../../../../dir/../file");
  root.make_link("to_proc_cwd", "proc/self/cwd");
  for (int i = 0; i < 41; ++i) root.make_link("many" + std::to_string(i), i ? "many" + std::to_string(i - 1) : "file");
  REQUIRE(mkfifo(root.inside("fifo").c_str(), 0644) == 0);
}

// The outcome: a path inside the root that is the same file, or an errno.
struct Case {
  char const* path;
  int flags;
  char const* same_as;
  int code;
};

constexpr int as_path = O_PATH, link_itself = O_PATH | O_NOFOLLOW, as_directory = O_PATH | O_DIRECTORY;

Case const cases[] = {
    {"", as_path, ".", 0},
    {"/", as_path, ".", 0},
    {"////", as_path, ".", 0},
    {".", as_path, ".", 0},
    {"..", as_path, ".", 0},
    {"/../../..", as_path, ".", 0},
    {"dir", as_path, "dir", 0},
    {"/dir", as_path, "dir", 0},
    {"//dir///sub//", as_path, "dir/sub", 0},
    {"dir/./sub/.", as_path, "dir/sub", 0},
    {"dir/sub/..", as_path, "dir", 0},
    {"../../dir/file", as_path, "dir/file", 0},
    {"dir/../../../file", as_path, "file", 0},
    // links
    {"link_abs", as_path, "dir", 0},
    {"link_rel/sub", as_path, "dir/sub", 0},
    {"link_slash", as_path, "dir", 0},
    {"link_file", as_path, "dir/file", 0},
    {"chain1", as_path, "dir/sub", 0},
    {"chain1/..", as_path, "dir", 0},
    {"to_root", as_path, ".", 0},
    {"to_root/to_root/dir", as_path, "dir", 0},
    {"to_parent", as_path, ".", 0},
    {"to_parent/to_parent/file", as_path, "file", 0},
    {"deep/a/b/c/up", as_path, "file", 0},
    // out of the root
    {"out_abs", as_path, nullptr, ENOENT},
    {"out_abs/file", as_path, nullptr, ENOENT},
    {"out_rel", as_path, nullptr, ENOENT},
    {"out_rel/file", as_path, nullptr, ENOENT},
    {"out_deep", as_path, nullptr, ENOENT},
    {"../canary/file", as_path, nullptr, ENOENT},
    // absent, or not a directory
    {"nothing", as_path, nullptr, ENOENT},
    {"nothing/..", as_path, nullptr, ENOENT},
    {"dir/nothing/x", as_path, nullptr, ENOENT},
    {"dangling", as_path, nullptr, ENOENT},
    {"dangling/x", as_path, nullptr, ENOENT},
    {"file/x", as_path, nullptr, ENOTDIR},
    {"file/..", as_path, nullptr, ENOTDIR},
    {"file/.", as_path, nullptr, ENOTDIR},
    {"file/", as_path, nullptr, ENOTDIR},
    {"link_file/", as_path, nullptr, ENOTDIR},
    {"link_file_slash", as_path, nullptr, ENOTDIR},
    {"link_file_dot", as_path, nullptr, ENOTDIR},
    {"link_file/x", as_path, nullptr, ENOTDIR},
    {"fifo/x", as_path, nullptr, ENOTDIR},
    {"file", as_directory, nullptr, ENOTDIR},
    {"link_file", as_directory, nullptr, ENOTDIR},
    {"link_abs", as_directory, "dir", 0},
    // loops, and the kernel's limit of 40 links
    {"loop_a", as_path, nullptr, ELOOP},
    {"self", as_path, nullptr, ELOOP},
    {"self/x", as_path, nullptr, ELOOP},
    {"many39", as_path, "file", 0},
    {"many40", as_path, nullptr, ELOOP},
    // the last component itself
    {"link_abs", link_itself, "link_abs", 0},
    {"loop_a", link_itself, "loop_a", 0},
    {"dangling", link_itself, "dangling", 0},
    {"out_abs", link_itself, "out_abs", 0},
    {"link_abs/sub", link_itself, "dir/sub", 0},
    {"link_abs/", link_itself, "dir", 0},
    {"link_abs/.", link_itself, "dir", 0},
    {"link_abs/..", link_itself, ".", 0},
    {"dir", link_itself, "dir", 0},
    {"link_abs", link_itself | O_DIRECTORY, nullptr, ENOTDIR},
    // opened for use
    {"dir/file", O_RDONLY, "dir/file", 0},
    {"link_file", O_RDWR, "dir/file", 0},
    {"link_abs/file", O_RDWR | O_NOFOLLOW, "dir/file", 0},
    {"dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, "dir", 0},
    {"dir", O_RDWR, nullptr, EISDIR},
    {"link_file", O_RDONLY | O_NOFOLLOW, nullptr, ELOOP},
    {"self", O_RDONLY | O_NOFOLLOW, nullptr, ELOOP},
    {"fifo", O_RDONLY | O_NONBLOCK, "fifo", 0},
    {"fifo", O_WRONLY | O_NONBLOCK, nullptr, ENXIO},
    // procfs: its own relative links are links, its magic ones are refused
    {"proc/self/status", as_path, "proc/self/status", 0},
    {"proc/mounts", as_path, "proc/self/mounts", 0},
    {"proc/self/cwd", as_path, nullptr, ELOOP},
    {"proc/self/root/file", as_path, nullptr, ELOOP},
    {"proc/self/exe", O_RDONLY, nullptr, ELOOP},
    {"proc/self/ns/net", as_path, nullptr, ELOOP},
    {"proc/thread-self/fd/0", as_path, nullptr, ELOOP},
    {"to_proc_cwd", as_path, nullptr, ELOOP},
    {"proc/self/cwd", link_itself, "proc/self/cwd", 0},
};

std::string identity_of(int code, struct stat const& status) {
  return code ? errno_text(code) : concat({"file ", status.st_dev, ":", status.st_ino});
}

std::string expected(Root const& root, Case const& one) {
  struct stat status {};
  if (one.same_as) REQUIRE(lstat(root.inside(one.same_as).c_str(), &status) == 0);
  return identity_of(one.code, status);
}

std::string outcome(Root const& root, Case const& one) {
  struct stat status {};
  try {
    Fd const fd = path::open_in(root.directory, one.path, one.flags);
    REQUIRE(fstat(fd, &status) == 0);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    return identity_of(0, status);
  } catch (Error const& error) {
    CHECK(error.call() == concat({"openat2(\"/root-of-test\", \"", one.path, "\")"}));
    return identity_of(error.code(), status);
  }
}

int code_of(std::function<void()> const& act) {
  try {
    act();
  } catch (Error const& error) {
    return error.code();
  }
  return 0;
}

}  // namespace

TEST_CASE("path: the table of hostile paths, by openat2 and by the walk") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    root.mount_proc();
    auto const before = hostile::snapshot(root.canary);
    hostile::with_both_resolvers([&] {
      for (Case const& one : cases) {
        INFO("\"" << one.path << "\" flags 0" << std::oct << one.flags);
        CHECK(outcome(root, one) == expected(root, one));
      }
    });
    CHECK(hostile::snapshot(root.canary) == before);
  });
}

TEST_CASE("path: too long is ENAMETOOLONG") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    root.make_directory("a");
    std::string longest = "a";
    while (longest.size() + 2 < 4096) longest += "/.";
    hostile::with_both_resolvers([&] {
      CHECK(code_of([&] { path::open_in(root.directory, longest, O_PATH); }) == 0);
      CHECK(code_of([&] { path::open_in(root.directory, longest + "/.", O_PATH); }) == ENAMETOOLONG);
      CHECK(code_of([&] { path::open_in(root.directory, std::string(256, 'x'), O_PATH); }) == ENAMETOOLONG);
      CHECK(code_of([&] { path::make_directories(root.directory, longest + "/b/c"); }) == ENAMETOOLONG);
      CHECK(code_of([&] { path::make_directories(root.directory, std::string(256, 'x')); }) == ENAMETOOLONG);
    });
  });
}

TEST_CASE("path: try_open_in answers for what is absent, and fails for the rest") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    hostile::with_both_resolvers([&] {
      CHECK(path::try_open_in(root.directory, "dir/file", O_RDONLY));
      CHECK_FALSE(path::try_open_in(root.directory, "nothing", O_RDONLY));
      CHECK_FALSE(path::try_open_in(root.directory, "file/x", O_RDONLY));
      CHECK_FALSE(path::try_open_in(root.directory, "dangling", O_PATH));
      CHECK(code_of([&] { (void)path::try_open_in(root.directory, "loop_a", O_PATH); }) == ELOOP);
      CHECK(code_of([&] { (void)path::try_open_in(root.directory, "dir", O_RDWR); }) == EISDIR);
    });
  });
}

TEST_CASE("path: open_without_links stops at every link") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    for (char const* const plain : {"dir/file", "/dir/sub", "dir/../dir/sub/", "/"}) {
      INFO(plain);
      CHECK(code_of([&] { (void)path::open_without_links(root.directory, plain); }) == 0);
    }
    for (char const* const linked : {"link_abs", "link_rel/sub", "link_file", "out_abs", "out_abs/file", "self", "to_root/dir"}) {
      INFO(linked);
      CHECK(code_of([&] { (void)path::open_without_links(root.directory, linked); }) == ELOOP);
    }
    CHECK(code_of([&] { (void)path::open_without_links(root.directory, "nothing/x"); }) == ENOENT);
    CHECK(code_of([&] { (void)path::open_without_links(root.directory, "file/x"); }) == ENOTDIR);
  });
}

TEST_CASE("path: what lies behind a mount is inside, and \"..\" comes back over it") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    root.mount_proc();
    hostile::with_both_resolvers([&] {
      CHECK(outcome(root, {"proc/sys/../../file", as_path, nullptr, 0}) == expected(root, {"", 0, "file", 0}));
      CHECK(outcome(root, {"proc/../..", as_path, nullptr, 0}) == expected(root, {"", 0, ".", 0}));
    });
  });
}

TEST_CASE("path: the content is that of the opened file") {
  harness::in_private_mounts([](std::string const& scratch) {
    Root const root{scratch};
    fill(root);
    hostile::with_both_resolvers([&] {
      CHECK(file::read(path::open_in(root.directory, "deep/a/b/c/up", O_RDONLY), "up") == "inside");
      root.make_file("dir/file");
      file::write(path::open_in(root.directory, "link_file", O_WRONLY | O_TRUNC), "link_file", "new");
      CHECK(file::read(root.inside("dir/file")) == "new");
    });
  });
}

TEST_CASE("path: textual cleaning and joining") {
  CHECK(path::cleaned("/a/./b//../c") == "/a/c");
  CHECK(path::cleaned("") == "/");
  CHECK(path::cleaned("/") == "/");
  CHECK(path::cleaned("a/b/") == "/a/b");
  CHECK(path::cleaned("/../../a") == "/a");
  CHECK(path::cleaned("/a/../..") == "/");
  CHECK(path::cleaned("/...") == "/...");
  CHECK(path::joined("/a", "b") == "/a/b");
  CHECK(path::joined("/a/", "/b") == "/a/b");
  CHECK(path::joined("/", "b") == "/b");
  CHECK(path::joined("/a//", "") == "/a");
  CHECK(path::joined("/", "/") == "/");
  CHECK(path::joined("a", "b") == "a/b");
}

TEST_CASE("path: a host path is opened close-on-exec, and named in the error") {
  Fd const fd = path::open_host("/dev/null", O_RDONLY);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(code_of([] { path::open_host("/no/such", O_RDONLY); }) == ENOENT);
}

TEST_CASE("path: without openat2 the walk takes over, whichever errno a filter gives and whatever is opened first") {
  for (int const code : {ENOSYS, EPERM})
    for (int const flags : {O_PATH, O_RDONLY, O_RDWR | O_NOFOLLOW}) {
      INFO(errno_text(code) << ", flags 0" << std::oct << flags);
      harness::in_private_mounts([&](std::string const& scratch) {
        Root const root{scratch};
        fill(root);
        harness::refuse_call(SYS_openat2, code);
        CHECK(code_of([&] { path::open_in(root.directory, "link_abs/file", flags); }) == 0);
        CHECK(code_of([&] { path::open_in(root.directory, "out_rel", flags & ~O_NOFOLLOW); }) == ENOENT);
        CHECK(code_of([&] { path::make_directories(root.directory, "link_abs/new"); }) == 0);
      });
    }
}
