#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/kernel/program.hpp"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace orlop;
using namespace orlop::kernel;
using harness::in_child;

namespace {

Program shell(std::string const& script) { return {"/bin/sh", {"sh", "-c", script}, {}, "", "", {}, -1, -1, -1, nullptr}; }

double seconds_of(void (*act)()) {
  auto const begin = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("program: input, arguments, environment and directory are as given") {
  Program program = shell("cat; echo \"$0 $1\"; pwd; /usr/bin/env");
  program.args = {"sh", "-c", program.args[2], "zero", "one two"};
  program.env = {"A=1", "B="};
  program.input = "{\"id\":1}\n";
  program.directory = "/usr";
  auto const outcome = run_program(program);
  CHECK(WIFEXITED(outcome.wait_status));
  CHECK(WEXITSTATUS(outcome.wait_status) == 0);
  CHECK(outcome.text.starts_with("{\"id\":1}\nzero one two\n/usr\n"));
  CHECK(outcome.text.find("A=1\n") != std::string::npos);
  CHECK(outcome.text.find("HOME=") == std::string::npos);
}

TEST_CASE("program: a directory that is gone is the root") {
  Program program = shell("pwd");
  program.directory = "/nowhere/at/all";
  CHECK(run_program(program).text == "/\n");
}

TEST_CASE("program: much input that it does not read, much output of which the end is kept") {
  std::string const much(1'000'000, 'x');
  Program program = shell("i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done; exit 7");
  program.input = much;
  auto const outcome = run_program(program);
  CHECK(WEXITSTATUS(outcome.wait_status) == 7);
  CHECK(outcome.text.size() == program_text_size);
  CHECK(outcome.text.ends_with("line 19998\nline 19999\n"));
}

TEST_CASE("program: the end by a signal, and what cannot be executed") {
  auto const outcome = run_program(shell("kill -TERM $$"));
  CHECK(WIFSIGNALED(outcome.wait_status));
  CHECK(WTERMSIG(outcome.wait_status) == SIGTERM);
  Program program = shell("");
  program.path = "/nowhere";
  CHECK(harness::failure_of([&] { run_program(program); }) == "execve(\"/nowhere\"): no such file or directory");
  program.path = "/etc/passwd";
  CHECK(harness::failure_of([&] { run_program(program); }) == "execve(\"/etc/passwd\"): permission denied");
}

TEST_CASE("program: the whole group is killed when the time is over") {
  double const seconds = seconds_of([] {
    Program program = shell("echo begun; sleep 50 & sleep 50; wait");
    program.timeout_seconds = 1;
    auto const outcome = run_program(program);
    CHECK(outcome.end == ProgramEnd::timed_out);
    CHECK(outcome.text == "begun\n");
  });
  CHECK(seconds >= 0.9);
  CHECK(seconds < 15);
}

TEST_CASE("program: an interruption ends it") {
  double const seconds = seconds_of([] {
    Fd const interruption{eventfd(1, EFD_CLOEXEC)};
    Program program = shell("sleep 50");
    program.interruption = interruption;
    CHECK(run_program(program).end == ProgramEnd::interrupted);
  });
  CHECK(seconds < 15);
}

TEST_CASE("program: what it leaves in the background does not hold us") {
  double const seconds = seconds_of([] {
    auto const outcome = run_program(shell("sleep 20 & echo $!"));
    CHECK(WEXITSTATUS(outcome.wait_status) == 0);
    pid_t const left = static_cast<pid_t>(std::atoi(outcome.text.c_str()));
    REQUIRE(left > 1);
    CHECK(kill(left, SIGKILL) == 0);
  });
  CHECK(seconds < 15);
}

TEST_CASE("program: no descriptor but three, a session of its own, signals as prepared") {
  in_child([] {
    signal(SIGCHLD, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    Fd const leak{open("/", O_RDONLY)};
    Program program = shell("ls /proc/$$/fd; cut -d' ' -f1,6 /proc/$$/stat; grep SigIgn /proc/$$/status");
    program.env = {"PATH=/usr/bin:/bin"};
    program.prepare = [] { signal(SIGUSR1, SIG_DFL); };
    auto const outcome = run_program(program);
    INFO(outcome.text);
    CHECK(WEXITSTATUS(outcome.wait_status) == 0);
    CHECK(outcome.text.starts_with("0\n1\n2\n"));  // no pipeline there: its pipe would be the shell's for a moment
    int pid = 0, session = -1;
    REQUIRE(std::sscanf(outcome.text.c_str(), "0 1 2 %d %d", &pid, &session) == 2);
    CHECK(pid == session);
    CHECK(outcome.text.find("SigIgn:\t0000000000000000") != std::string::npos);
  });
}

TEST_CASE("program: output to files is not kept") {
  Fd const file{memfd_create("out", MFD_CLOEXEC)};
  Program program = shell("echo out; echo err >&2");
  program.output = file;
  CHECK(run_program(program).text == "err\n");
  CHECK(lseek(file, 0, SEEK_CUR) == 4);
}
