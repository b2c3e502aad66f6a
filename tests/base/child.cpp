#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;

namespace {

Child sleeper() {
  pid_t const pid = fork();
  if (pid == 0)
    for (;;) pause();
  return Child{pid, std::move(*process::try_pidfd(pid))};
}

Child ending_with(int code) {
  pid_t const pid = fork();
  if (pid == 0) _exit(code);
  return Child{pid, std::move(*process::try_pidfd(pid))};
}

bool exists(pid_t pid) { return kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("child: the guard kills and reaps") {
  pid_t pid = 0;
  {
    Child const child = sleeper();
    pid = child.pid();
    CHECK(exists(pid));
  }
  CHECK_FALSE(exists(pid));
  CHECK((waitpid(pid, nullptr, WNOHANG) == -1 && errno == ECHILD));
}

TEST_CASE("child: moved, the guard has one owner") {
  pid_t first = 0, second = 0;
  {
    Child one = sleeper();
    first = one.pid();
    Child moved{std::move(one)};
    CHECK(moved.pid() == first);
    CHECK(one.pid() == 0);  // NOLINT(bugprone-use-after-move)
    Child other = sleeper();
    second = other.pid();
    moved = std::move(other);
    CHECK_FALSE(exists(first));
    CHECK(exists(second));
    CHECK(moved.pid() == second);
  }
  CHECK_FALSE(exists(second));
}

TEST_CASE("child: reap gives the status, and nothing is left to the guard") {
  Child child = ending_with(7);
  CHECK(process::exit_code(child.reap()) == 7);
  CHECK(child.pid() == 0);
  CHECK(child.pidfd() == -1);
}

TEST_CASE("child: released, it lives on") {
  pid_t pid = 0;
  {
    Child child = sleeper();
    pid = child.release();
    CHECK(child.pidfd() == -1);
  }
  CHECK(exists(pid));
  kill(pid, SIGKILL);
  CHECK(waitpid(pid, nullptr, 0) == pid);
}

TEST_CASE("child: in a forked process the guard does nothing") {
  Child const child = sleeper();
  pid_t const forked = fork();
  if (forked == 0) {
    { Child const copy{std::move(const_cast<Child&>(child))}; }  // its destructor runs, here
    _exit(0);
  }
  CHECK(waitpid(forked, nullptr, 0) == forked);
  CHECK_FALSE(process::wait_for_end(child.pidfd(), 20));
}

TEST_CASE("child: where SIGCHLD is ignored the kernel reaps, and the lost status is an error") {
  harness::in_child([] {
    signal(SIGCHLD, SIG_IGN);
    Child child = ending_with(3);
    CHECK(harness::failure_of([&] { child.reap(); }).find("no child processes") != std::string::npos);
  });
}

TEST_CASE("process: exit codes as a shell shows them") {
  CHECK(process::exit_code(ending_with(0).reap()) == 0);
  CHECK(process::exit_code(ending_with(255).reap()) == 255);
  Child killed = sleeper();
  CHECK(process::try_signal(killed.pidfd(), SIGUSR1) == 0);
  CHECK(process::exit_code(killed.reap()) == 128 + SIGUSR1);
}

TEST_CASE("process: a pidfd of what is no process is no error") {
  CHECK_FALSE(process::try_pidfd(0));
  CHECK_FALSE(process::try_pidfd(-1));
  CHECK_FALSE(process::try_pidfd(0x7fffffff));
  Child child = ending_with(0);
  pid_t const pid = child.pid();
  child.reap();
  CHECK_FALSE(process::try_pidfd(pid));
}

TEST_CASE("process: signals by pidfd") {
  Child child = sleeper();
  CHECK(process::try_signal(child.pidfd(), 0) == 0);
  CHECK(process::try_signal(child.pidfd(), 1000) == EINVAL);
  CHECK_FALSE(process::wait_for_end(child.pidfd(), 1));
  Fd const other = std::move(*process::try_pidfd(child.pid()));
  CHECK(process::try_signal(child.pidfd(), SIGKILL) == 0);
  CHECK(process::wait_for_end(other, 5000));
  child.reap();
  CHECK(process::try_signal(other, SIGKILL) == ESRCH);
  CHECK(process::wait_for_end(other, 0));
}

TEST_CASE("process: identity") {
  auto const own = process::try_identity(getpid());
  REQUIRE(own);
  CHECK(own->state == 'R');
  CHECK(own->is_alive());
  CHECK(own->start_time > 0);
  CHECK_FALSE(process::try_identity(0x7fffffff));
  Child const later = sleeper();
  CHECK(process::try_identity(later.pid())->start_time >= own->start_time);
}

TEST_CASE("process: a name with parentheses and spaces hides nothing") {
  auto const plain = process::try_identity(getpid());
  for (char const* name : {") R 1 1 1", "a b) Z", "((()))", ")", " ", "x\ny) S 9"}) {
    INFO(name);
    REQUIRE(prctl(PR_SET_NAME, name, 0, 0, 0) == 0);
    auto const named = process::try_identity(getpid());
    REQUIRE(named);
    CHECK(named->start_time == plain->start_time);
    CHECK(named->state == 'R');
  }
  prctl(PR_SET_NAME, "base_test", 0, 0, 0);
}

TEST_CASE("process: a zombie has an identity, and is not alive") {
  Child child = ending_with(0);
  REQUIRE(process::wait_for_end(child.pidfd(), 5000));
  auto const zombie = process::try_identity(child.pid());
  REQUIRE(zombie);
  CHECK(zombie->state == 'Z');
  CHECK_FALSE(zombie->is_alive());
}

TEST_CASE("process: out of descriptors is an error, not an absent process") {
  harness::in_child([] {
    rlimit const none{0, 0};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK_THROWS_AS(process::try_identity(getpid()), Error);
    CHECK_THROWS_AS(process::try_pidfd(getpid()), Error);
  });
}
