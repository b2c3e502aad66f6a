#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace orlop;

namespace {

std::string failure(std::function<void()> const& act) {
  try {
    act();
  } catch (Error const& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> names_in(std::string const& directory) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator{directory}) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// Reads the file again and again until it holds "end"; whatever else it holds must be one of the whole texts.
[[noreturn]] void read_until_end(std::string const& path, std::string const& small, std::string const& large) {
  for (;;) {
    std::string const text = file::read(path);
    if (text == "end") _exit(0);
    if (text != small && text != large) _exit(1);
  }
}

void mount_small_tmpfs(std::string const& path) {
  REQUIRE(mkdir(path.c_str(), 0755) == 0);
  REQUIRE(mount("small", path.c_str(), "tmpfs", 0, "size=64k") == 0);
}

}  // namespace

TEST_CASE("file: read takes up to the limit, and one byte more is EFBIG") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const path = scratch + "/f";
    for (std::size_t const size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 65535UL, 65536UL}) {
      std::string const text(size, 'x');
      file::replace(path, text, 0644);
      CHECK(file::read(path) == text);
      if (size) CHECK(failure([&] { file::read(path, size - 1); }) == "read(\"" + path + "\"): file too large");
      CHECK(file::read(path, size) == text);
    }
    file::replace(path, std::string(65537, 'x'), 0644);
    CHECK_THROWS_AS(file::read(path), Error);
  });
}

TEST_CASE("file: read does not ask the size: procfs and pipes") {
  CHECK(file::read("/proc/self/status").find("State:") != std::string::npos);
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  Fd const end{pipes[0]};
  {
    Fd const start{pipes[1]};
    file::write(start, "pipe", std::string(10'000, 'p'));
  }
  CHECK(file::read(end, "pipe") == std::string(10'000, 'p'));
}

TEST_CASE("file: a short read is not the end") {
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  Fd const end{pipes[0]};
  Fd start{pipes[1]};
  pid_t const writer = fork();
  if (writer == 0) {
    for (char const* part : {"one ", "two ", "three"}) {
      (void)!::write(start, part, std::strlen(part));
      usleep(10'000);
    }
    _exit(0);
  }
  Child const guard{writer, Fd{}};
  start.reset();
  CHECK(file::read(end, "pipe") == "one two three");
}

TEST_CASE("file: what fails is named") {
  CHECK(failure([] { file::read("/no/such"); }) == "open(\"/no/such\"): no such file or directory");
  CHECK(failure([] { file::read("/tmp"); }) == "read(\"/tmp\"): is a directory");
  CHECK(failure([] { file::write_existing("/no/such", "x"); }) == "open(\"/no/such\"): no such file or directory");
  CHECK(failure([] { file::write_existing("/dev/full", "64k"); }) ==
        "write(\"/dev/full\", \"64k\"): no space left on device");
  CHECK(file::try_write_existing("/no/such", "x") == ENOENT);
  CHECK(file::try_write_existing("/dev/full", "x") == ENOSPC);
  CHECK(file::try_write_existing("/dev/null", "x") == 0);
}

TEST_CASE("file: an existing file is neither made nor cut") {
  harness::in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/f", "abcdef", 0644);
    file::write_existing(scratch + "/f", "XY");
    CHECK(file::read(scratch + "/f") == "XYcdef");
    CHECK(file::try_write_existing(scratch + "/new", "x") == ENOENT);
    CHECK(names_in(scratch) == std::vector<std::string>{"f"});
  });
}

TEST_CASE("file: a replaced file is the old one or the new one, never a part") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const path = scratch + "/f", small = "small", large(60'000, 'l');
    file::replace(path, small, 0644);
    pid_t const reader = fork();
    if (reader == 0) read_until_end(path, small, large);
    Child guard{reader, Fd{}};
    for (int i = 0; i < 1000; ++i) file::replace(path, i % 2 ? large : small, 0644);
    file::replace(path, "end", 0644);
    CHECK(process::exit_code(guard.reap()) == 0);
    CHECK(names_in(scratch) == std::vector<std::string>{"f"});
  });
}

TEST_CASE("file: replace by name in an open directory, with the mode that was asked for") {
  harness::in_private_mounts([](std::string const& scratch) {
    Fd const directory = path::open_host(scratch, O_PATH | O_DIRECTORY);
    umask(022);
    file::replace(directory, "/shown", "f", "text", 0600);
    struct stat status;
    REQUIRE(stat((scratch + "/f").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(file::read(scratch + "/f") == "text");
    REQUIRE(chdir(scratch.c_str()) == 0);
    file::replace("relative", "here", 0644);
    CHECK(file::read(scratch + "/relative") == "here");
  });
}

TEST_CASE("file: a full file system leaves the old text and no temporary file") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const directory = scratch + "/small";
    mount_small_tmpfs(directory);
    file::replace(directory + "/f", "old", 0644);
    CHECK(failure([&] { file::replace(directory + "/f", std::string(100'000, 'x'), 0644); }) ==
          "write(\"" + directory + "/f\"): no space left on device");
    CHECK(names_in(directory) == std::vector<std::string>{"f"});
    CHECK(file::read(directory + "/f") == "old");
  });
}

TEST_CASE("file: a rename that fails leaves no temporary file") {
  harness::in_private_mounts([](std::string const& scratch) {
    REQUIRE(mkdir((scratch + "/d").c_str(), 0755) == 0);
    CHECK(failure([&] { file::replace(scratch + "/d", "x", 0644); }) ==
          "rename(\"" + scratch + "/d\"): is a directory");
    CHECK(names_in(scratch) == std::vector<std::string>{"d"});
  });
}

TEST_CASE("file: a link under the temporary name is not followed") {
  harness::in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/victim", "untouched", 0644);
    std::string const temporary = concat({scratch, "/.f.", getpid()});
    REQUIRE(symlink("victim", temporary.c_str()) == 0);
    CHECK(failure([&] { file::replace(scratch + "/f", "x", 0644); }) != "");
    CHECK(file::read(scratch + "/victim") == "untouched");
  });
}

TEST_CASE("file: a replaced link is replaced itself, not its target") {
  harness::in_private_mounts([](std::string const& scratch) {
    file::replace(scratch + "/target", "untouched", 0644);
    REQUIRE(symlink("target", (scratch + "/link").c_str()) == 0);
    file::replace(scratch + "/link", "new", 0644);
    CHECK(file::read(scratch + "/target") == "untouched");
    CHECK(file::read(scratch + "/link") == "new");
    CHECK_FALSE(std::filesystem::is_symlink(scratch + "/link"));
  });
}
