#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"
#include "status.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/attribute.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::failure_of;
using harness::in_child;
using test::status_bits;

namespace {

void on_signal(int) {}

// What a hostile or careless caller hands on.
void spoil_signals() {
  for (int number = 1; number <= SIGRTMAX; ++number)
    signal(number, number % 3 == 0 ? SIG_IGN : number % 3 == 1 ? on_signal : SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  REQUIRE(sigprocmask(SIG_SETMASK, &all, nullptr) == 0);
}

void spoil_attributes() {
  REQUIRE(prctl(PR_SET_TIMERSLACK, 7'000'000, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
  REQUIRE(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_KEEP_CAPS, 0, 0, 0) == 0);
}

int subreaper() {
  int value = -1;
  prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0);
  return value;
}

bool is_close_on_exec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }
bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// Descriptors from 10 to 19, without O_CLOEXEC.
void open_ten() {
  for (int fd = 10; fd < 20; ++fd) REQUIRE(dup2(path::open_host("/dev/null", O_RDONLY), fd) == fd);
}

}  // namespace

TEST_CASE("attribute: every signal is unblocked and has its default disposition") {
  in_child([] {
    spoil_signals();
    REQUIRE(status_bits("SigBlk") != 0);
    REQUIRE(status_bits("SigIgn") != 0);
    REQUIRE(status_bits("SigCgt") != 0);
    reset_signals();
    CHECK(status_bits("SigBlk") == 0);
    CHECK(status_bits("SigIgn") == 0);
    CHECK(status_bits("SigCgt") == 0);
  });
}

TEST_CASE("attribute: what is inherited is as a fresh system has it") {
  in_child([] {
    harness::need_root();
    spoil_attributes();
    // The children of the spoiled process have its values as their defaults.
    in_child([] {
      REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);  // is not inherited
      reset_process_attributes();
      CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == 50'000);
      CHECK(subreaper() == 0);
      CHECK(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0);
      CHECK(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == SECUREBITS_DEFAULT);
      in_child([] { CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == 50'000); });
    });
  });
}

TEST_CASE("attribute: umask") {
  in_child([] {
    set_umask(0027);
    CHECK(umask(0) == 0027);
  });
}

TEST_CASE("attribute: no new privileges") {
  in_child([] {
    set_no_new_privileges();
    CHECK(test::status_field("NoNewPrivs") == "1");
  });
}

TEST_CASE("attribute: dumpable") {
  in_child([] {
    set_dumpable(false);
    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    set_dumpable(true);
    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
  });
}

TEST_CASE("attribute: a process dies with its parent, or outlives it") {
  for (bool const outlives : {false, true}) {
    INFO("outlives: " << outlives);
    in_child([&] {
      REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
      int pipes[2];
      REQUIRE(pipe(pipes) == 0);
      pid_t const parent = fork();
      if (parent == 0) {
        pid_t const child = fork();
        if (child == 0) {
          die_with_parent();
          if (outlives) outlive_parent();
          pid_t const own = getpid();
          (void)!write(pipes[1], &own, sizeof own);
          for (;;) pause();
        }
        for (;;) pause();
      }
      pid_t child = 0;
      REQUIRE(read(pipes[0], &child, sizeof child) == sizeof child);
      Fd const watched = std::move(*process::try_pidfd(child));
      { Child const ended{parent, Fd{}}; }
      CHECK(process::wait_for_end(watched, outlives ? 50 : 5000) == !outlives);
    });
  }
}

TEST_CASE("attribute: descriptors are closed at execve") {
  in_child([] {
    open_ten();
    close_on_exec_but(std::vector<int>{10, 11, 13});
    for (int fd = 10; fd < 20; ++fd) {
      CHECK(is_open(fd));
      CHECK(is_close_on_exec(fd) == (fd == 12 || fd > 13));
    }
    CHECK_FALSE(is_close_on_exec(1));
    close_on_exec_but({});
    CHECK(is_close_on_exec(10));
    CHECK_FALSE(is_close_on_exec(2));
  });
}

TEST_CASE("attribute: all descriptors but some are closed") {
  // No assertion between: Catch and the harness have descriptors of their own, which are closed here, too.
  auto const open_after = [](std::vector<int> kept) {
    int status = 0;
    pid_t const child = fork();
    if (child == 0) {
      open_ten();
      close_all_but(kept);
      int bits = 0;
      for (int fd = 10; fd < 17; ++fd) bits |= is_open(fd) << (fd - 10);
      bool const stdio = is_open(0) && is_open(1) && is_open(2);
      _exit(bits | (stdio ? 0x80 : 0));
    }
    Child guard{child, Fd{}};
    status = guard.reap();
    return process::exit_code(status);
  };
  CHECK(open_after({}) == 0x80);
  CHECK(open_after({10}) == 0x81);
  CHECK(open_after({-1, 11, 12, 16}) == 0xc6);
  CHECK(open_after({0, 2, 13, 13}) == 0x88);
  CHECK(open_after({-1, 3, -1, 15}) == 0xa0);
}

TEST_CASE("attribute: a new session, and a second time is no error") {
  in_child([] {
    new_session();
    CHECK(getsid(0) == getpid());
    CHECK_NOTHROW(new_session());
  });
}
