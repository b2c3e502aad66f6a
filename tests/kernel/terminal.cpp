#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/terminal.hpp"

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_private_mounts;

namespace {

std::string const refusal = "a terminal needs a devpts mounted at /dev/pts; /dev/pts/ptmx is on another file system";

Directory bare_root(std::string const& scratch) {
  std::filesystem::create_directories(scratch + "/root/dev/pts");
  return {path::open_host(scratch + "/root", O_PATH | O_DIRECTORY), "/root-of-test"};
}

Directory root_with_devpts(std::string const& scratch) {
  auto root = bare_root(scratch);
  REQUIRE(mount("devpts", (scratch + "/root/dev/pts").c_str(), "devpts", 0, "newinstance,ptmxmode=666") == 0);
  return root;
}

std::string text_at(int fd) {
  char text[64];
  ssize_t const length = read(fd, text, sizeof text);
  return {text, length > 0 ? static_cast<std::size_t>(length) : 0};
}

std::string settings_of(int terminal) {
  termios settings{};
  REQUIRE(tcgetattr(terminal, &settings) == 0);
  return concat({settings.c_iflag, " ", settings.c_oflag, " ", settings.c_cflag, " ", settings.c_lflag});
}

bool is_close_on_exec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }

}  // namespace

TEST_CASE("terminal: a pair of the container's own devpts, with openat2 and with the walk") {
  in_private_mounts([](std::string const& scratch) {
    auto const root = root_with_devpts(scratch);
    for (bool const walk : {false, true}) {
      INFO("the walk: " << walk);
      path::walk_only(walk);
      Pty const pty = new_pty(root);
      struct stat slave, node;
      REQUIRE(fstat(pty.slave, &slave) == 0);
      REQUIRE(stat((scratch + "/root/dev/pts/0").c_str(), &node) == 0);
      CHECK(slave.st_ino == node.st_ino);
      CHECK(slave.st_dev == node.st_dev);
      CHECK(is_close_on_exec(pty.master));
      CHECK(is_close_on_exec(pty.slave));
    }
  });
}

TEST_CASE("terminal: output goes through unchanged when it is told to") {
  in_private_mounts([](std::string const& scratch) {
    Pty const pty = new_pty(root_with_devpts(scratch));
    REQUIRE(write(pty.slave, "one\n", 4) == 4);
    CHECK(text_at(pty.master) == "one\r\n");
    pass_output_unchanged(pty.master);
    REQUIRE(write(pty.slave, "one\ntwo\r\n", 9) == 9);
    CHECK(text_at(pty.master) == "one\ntwo\r\n");
  });
}

TEST_CASE("terminal: without a devpts it is refused, and nothing there is opened") {
  struct Row {
    char const* what;
    mode_t kind;
    dev_t number;
  };
  for (Row const& row :
       {Row{"a file", S_IFREG, 0}, Row{"a pipe", S_IFIFO, 0}, Row{"the multiplexer", S_IFCHR, makedev(5, 2)},
        Row{"another device", S_IFCHR, makedev(1, 3)}}) {
    INFO(row.what);
    in_private_mounts([&](std::string const& scratch) {
      auto const root = bare_root(scratch);
      std::string const path = scratch + "/root/dev/pts/ptmx";
      REQUIRE(mknod(path.c_str(), row.kind | 0666, row.number) == 0);
      Fd const watch{inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
      REQUIRE(inotify_add_watch(watch, path.c_str(), IN_OPEN) >= 0);
      CHECK(failure_of([&] { new_pty(root); }) == refusal);
      CHECK(text_at(watch) == "");
    });
  }
}

TEST_CASE("terminal: an absent or linked multiplexer is refused") {
  in_private_mounts([](std::string const& scratch) {
    auto const root = bare_root(scratch);
    CHECK(failure_of([&] { new_pty(root); }) ==
          "openat2(\"/root-of-test\", \"/dev/pts/ptmx\"): no such file or directory");
    std::filesystem::create_symlink("/dev/ptmx", scratch + "/root/dev/pts/ptmx");
    CHECK(failure_of([&] { new_pty(root); }) != "");
  });
}

TEST_CASE("terminal: a link of the image does not lead to the host's devpts") {
  in_private_mounts([](std::string const& scratch) {
    auto const root = bare_root(scratch);
    std::filesystem::remove(scratch + "/root/dev/pts");
    std::filesystem::create_symlink("../../../../../../../dev/pts", scratch + "/root/dev/pts");
    CHECK(failure_of([&] { new_pty(root); }) != "");
  });
}

TEST_CASE("terminal: the window's size") {
  in_private_mounts([](std::string const& scratch) {
    auto const root = root_with_devpts(scratch);
    Pty const one = new_pty(root), other = new_pty(root);
    set_window_size(one.master, 24, 80);
    auto const size = try_window_size(one.slave);
    REQUIRE(size);
    CHECK(size->ws_row == 24);
    CHECK(size->ws_col == 80);
    copy_window_size(one.slave, other.master);
    CHECK(try_window_size(other.slave)->ws_col == 80);
    Fd const null = path::open_host("/dev/null", O_RDWR);
    CHECK_FALSE(try_window_size(null));
    CHECK(failure_of([&] { set_window_size(null, 1, 1); }) == "ioctl(TIOCSWINSZ): inappropriate ioctl for device");
    copy_window_size(null, other.master);
    CHECK(try_window_size(other.slave)->ws_col == 80);
  });
}

TEST_CASE("terminal: it becomes the controlling one of a new session, and the standard files") {
  in_private_mounts([](std::string const& scratch) {
    Pty const pty = new_pty(root_with_devpts(scratch));
    harness::in_child([&] {
      CHECK(failure_of([&] { take_as_controlling_terminal(pty.slave); }) ==
            "ioctl(TIOCSCTTY): operation not permitted");  // not the leader of a session
      REQUIRE(setsid() == getpid());
      take_as_controlling_terminal(pty.slave);
      CHECK(tcgetsid(pty.slave) == getpid());
      CHECK(path::open_host("/dev/tty", O_RDWR).is_open());
      use_as_stdio(pty.slave);
      for (int fd = 0; fd <= 2; ++fd) {
        CHECK(isatty(fd) == 1);
        CHECK_FALSE(is_close_on_exec(fd));
      }
      REQUIRE(write(1, "hello", 5) == 5);
    });
    CHECK(text_at(pty.master) == "hello");
  });
}

TEST_CASE("terminal: raw for as long as the object lives") {
  in_private_mounts([](std::string const& scratch) {
    Pty const pty = new_pty(root_with_devpts(scratch));
    auto const before = settings_of(pty.slave);
    {
      RawMode const raw{pty.slave};
      termios now{};
      REQUIRE(tcgetattr(pty.slave, &now) == 0);
      CHECK((now.c_lflag & (ICANON | ECHO | ISIG)) == 0);
      CHECK(settings_of(pty.slave) != before);
    }
    CHECK(settings_of(pty.slave) == before);
  });
}

TEST_CASE("terminal: restored early, it is not restored again") {
  in_private_mounts([](std::string const& scratch) {
    Pty const pty = new_pty(root_with_devpts(scratch));
    auto const before = settings_of(pty.slave);
    std::string changed;
    {
      RawMode raw{pty.slave};
      raw.restore();
      CHECK(settings_of(pty.slave) == before);
      termios other{};
      REQUIRE(tcgetattr(pty.slave, &other) == 0);
      other.c_lflag ^= static_cast<tcflag_t>(ECHO);
      REQUIRE(tcsetattr(pty.slave, TCSANOW, &other) == 0);
      changed = settings_of(pty.slave);
    }
    CHECK(settings_of(pty.slave) == changed);
  });
}

TEST_CASE("terminal: what is no terminal stays as it is") {
  Fd const null = path::open_host("/dev/null", O_RDWR);
  CHECK_NOTHROW(RawMode{null});
  CHECK_NOTHROW(RawMode{});
}
