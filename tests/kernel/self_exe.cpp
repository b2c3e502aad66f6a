// The attack of CVE-2019-5736 on a program that has protected itself: what a root process in its container could try.
#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/refuse.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/capability.hpp"

#include <fcntl.h>
#include <filesystem>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop;

namespace {

constexpr std::size_t most = 64 * 1024 * 1024;

// The running program. `prepare` runs in the new process, before the execve.
class Program {
public:
  Program(std::string const& path, char const* mode, std::function<void()> const& prepare = [] {}) {
    int in[2], out[2];
    REQUIRE((pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0));
    pid_t const pid = fork();
    if (pid == 0) execute(path, mode, prepare, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    input_ = Fd{in[1]};
    output_ = Fd{out[0]};
    child_ = Child{pid, std::move(*process::try_pidfd(pid))};
    exe_ = concat({"/proc/", pid, "/exe"});
  }
  // The line that it prints when it is ready.
  std::string line() const {
    char text[1024];
    ssize_t const length = read(output_, text, sizeof text);
    return {text, length > 0 ? static_cast<std::size_t>(length) - 1 : 0};
  }
  std::string const& exe() const { return exe_; }
  std::string process() const { return concat({"/proc/", child_.pid()}); }
  int end() {
    input_.reset();
    return process::exit_code(child_.reap());
  }

private:
  [[noreturn]] static void execute(std::string const& path, char const* mode, std::function<void()> const& prepare,
                                   int in, int out) {
    try {
      prepare();
      dup2(in, 0);
      dup2(out, 1);
      execl(path.c_str(), path.c_str(), mode, "the last one", nullptr);
    } catch (...) {
    }
    _exit(126);
  }
  Fd input_, output_;
  Child child_;
  std::string exe_;
};

std::string fingerprint(std::string const& path) {
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  auto const content = std::hash<std::string>{}(file::read(path, most));
  return concat({content, " ", status.st_mode, " ", status.st_uid, " ", status.st_mtim.tv_nsec, " ", status.st_size});
}

// 0 or the errno of an attempt.
int code_of_opening(std::string const& path, int flags) {
  Fd const fd{open(path.c_str(), flags | O_CLOEXEC)};
  return fd.is_open() ? 0 : errno;
}
int code_of(int result) { return result < 0 ? errno : 0; }

// While the program runs, and with a descriptor that was kept until after its end: ETXTBSY protects only as long.
void attack(Program& program, std::string const& exe) {
  for (int const flags : {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_RDWR | O_APPEND}) {
    int const code = code_of_opening(exe, flags);
    INFO("flags 0" << std::oct << flags << ", errno " << std::dec << code);
    CHECK((code == EROFS || code == ETXTBSY));
  }
  CHECK(errno_text(code_of(chmod(exe.c_str(), 0777))) == "read-only file system");
  CHECK(errno_text(code_of(chown(exe.c_str(), 1, 1))) == "read-only file system");
  CHECK(errno_text(code_of(truncate(exe.c_str(), 0))) == "read-only file system");
  Fd const kept = path::open_host(exe, O_PATH), readable = path::open_host(exe, O_RDONLY);
  CHECK(program.end() == 7);
  for (int const fd : {static_cast<int>(kept), static_cast<int>(readable)}) {
    std::string const again = concat({"/proc/self/fd/", fd});
    CHECK(errno_text(code_of_opening(again, O_WRONLY)) == "read-only file system");
    CHECK(errno_text(code_of(chmod(again.c_str(), 0777))) == "read-only file system");
  }
}

void with_copy(char const* original, std::function<void(std::string const& path)> const& body) {
  harness::in_private_mounts([&](std::string const& scratch) {
    std::string const path = scratch + "/program";
    std::filesystem::copy(original, path);
    auto const before = fingerprint(path);
    body(path);
    CHECK(fingerprint(path) == before);
  });
}

void check_fallback(char const* original, std::function<void()> const& prepare) {
  with_copy(original, [&](std::string const& path) {
    Program program{path, "run", prepare};
    CHECK(program.line() == "clone no, restarted yes, image same, exceptions yes, data yes, last the last one");
    attack(program, program.exe());
  });
}

void refuse_memory_map() { harness::refuse_call(SYS_prctl, EPERM, PR_SET_MM); }

void drop_admin() {
  kernel::limit_bounding_set(~(kernel::CapabilitySet{1} << CAP_SYS_ADMIN));
}

}  // namespace

TEST_CASE("self_exe: without protection the attack succeeds") {
  harness::in_private_mounts([](std::string const& scratch) {
    std::string const path = scratch + "/program";
    std::filesystem::copy(ORLOP_SELF_EXE_PROGRAM, path);
    Program program{path, "unprotected"};
    CHECK(program.line() == "clone no, restarted no, image same, exceptions yes, data yes, last the last one");
    Fd const kept = path::open_host(program.exe(), O_PATH);
    CHECK(code_of_opening(program.exe(), O_WRONLY) == ETXTBSY);
    CHECK(program.end() == 7);
    std::string const again = concat({"/proc/self/fd/", static_cast<int>(kept)});
    CHECK(code_of_opening(again, O_WRONLY | O_TRUNC) == 0);
    CHECK(file::read(path, most) == "");
  });
}

#ifdef ORLOP_TEST_STATIC
TEST_CASE("self_exe: mapped again, it cannot be written, and goes on with its code and data") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    Program program{path, "run"};
    CHECK(program.line() == "clone yes, restarted no, image same, exceptions yes, data yes, last the last one");
    attack(program, program.exe());
  });
}

TEST_CASE("self_exe: mapped again, what /proc says of it is what it was") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    Program program{path, "run"};
    program.line();
    std::string const words = concat({path, std::string_view{"\0run\0the last one\0", 18}});
    CHECK(file::read(program.process() + "/cmdline") == words);
    CHECK(file::read(program.process() + "/environ").find("PATH=") != std::string::npos);
    CHECK(program.end() == 7);
  });
}

TEST_CASE("self_exe: with 0, 1 and 2 closed, none of them is taken") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    Program program{path, "run", [] { for (int fd : {0, 1, 2}) close(fd); }};
    CHECK(program.line() == "clone yes, restarted no, image same, exceptions yes, data yes, last the last one");
    attack(program, program.exe());
  });
}

TEST_CASE("self_exe: a program linked for fixed addresses is executed again") {
  check_fallback(ORLOP_SELF_EXE_FIXED_PROGRAM, [] {});
}
#endif

TEST_CASE("self_exe: where PR_SET_MM is refused it is executed again from the read-only clone") {
  check_fallback(ORLOP_SELF_EXE_PROGRAM, refuse_memory_map);
}

TEST_CASE("self_exe: without CAP_SYS_ADMIN it is executed again from a sealed memfd") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    Program program{path, "run", drop_admin};
    CHECK(program.line() == "clone no, restarted yes, image same, exceptions yes, data yes, last the last one");
    Fd const kept = path::open_host(program.exe(), O_RDONLY);
    CHECK(fcntl(kept, F_GET_SEALS) == (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    CHECK(code_of_opening(program.exe(), O_WRONLY) == ETXTBSY);
    CHECK(program.end() == 7);
    std::string const again = concat({"/proc/self/fd/", static_cast<int>(kept)});
    Fd const writable = path::open_host(again, O_RDWR);
    CHECK(code_of(static_cast<int>(write(writable, "x", 1))) == EPERM);
    CHECK(code_of(ftruncate(writable, 0)) == EPERM);
    CHECK(file::read(again, most) == file::read(path, most));
  });
}

TEST_CASE("self_exe: on a read-only mount there is nothing to do") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    REQUIRE(mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0);
    REQUIRE(mount("", path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
    Program program{path, "run"};
    CHECK(program.line() == "clone no, restarted no, image same, exceptions yes, data yes, last the last one");
    attack(program, program.exe());
  });
}

TEST_CASE("self_exe: no mount appears on the host") {
  with_copy(ORLOP_SELF_EXE_PROGRAM, [](std::string const& path) {
    auto const before = file::read("/proc/self/mountinfo", most);
    Program program{path, "run"};
    CHECK(program.line() != "");
    CHECK(file::read("/proc/self/mountinfo", most) == before);
    CHECK(program.end() == 7);
    CHECK(file::read("/proc/self/mountinfo", most) == before);
  });
}
