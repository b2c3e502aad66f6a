#include "orlop/kernel/program.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

struct Pipe {
  Fd reader, writer;
};

Pipe make_pipe() {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  return {Fd{ends[0]}, Fd{ends[1]}};
}

// A file in memory, not a pipe: nobody has to write while the program reads, and one that does not read hurts nobody.
Fd input_of(Program const& program) {
  Fd input{check(memfd_create("stdin", MFD_CLOEXEC), "memfd_create", {"stdin"})};
  file::write(input, "stdin", program.input);
  check(lseek(input, 0, SEEK_SET), "lseek", {"stdin"});
  return input;
}

std::vector<char*> pointers_to(std::vector<std::string> const& texts) {
  std::vector<char*> pointers;
  for (auto const& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Descriptors {
  int input, output, errors;
};

// In the new process: only what leads to execve. Returns if that failed.
void become_program(Program const& program, Descriptors const& descriptors) {
  check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl", {Word{"PR_SET_PDEATHSIG"}, SIGKILL});
  check(setsid(), "setsid");
  check(dup2(descriptors.input, STDIN_FILENO), "dup2", {descriptors.input, STDIN_FILENO});
  check(dup2(descriptors.output, STDOUT_FILENO), "dup2", {descriptors.output, STDOUT_FILENO});
  check(dup2(descriptors.errors, STDERR_FILENO), "dup2", {descriptors.errors, STDERR_FILENO});
  check(syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC), "close_range", {3, Word{"CLOSE_RANGE_CLOEXEC"}});
  if (!program.directory.empty() && chdir(program.directory.c_str()) < 0) check(chdir("/"), "chdir", {"/"});
  auto const args = pointers_to(program.args), env = pointers_to(program.env);
  if (program.prepare) program.prepare();
  execve(program.path.c_str(), args.data(), env.data());
}

[[noreturn]] void run_child(Program const& program, Descriptors const& descriptors, int report) noexcept {
  int code = 0;
  try {
    become_program(program, descriptors);
    code = errno;
  } catch (Error const& error) {
    code = error.code() ? error.code() : EINVAL;
  } catch (std::exception const&) {
    code = ENOMEM;
  }
  (void)!write(report, &code, sizeof code);
  _exit(127);
}

Child start(Program const& program, Descriptors const& descriptors, int report) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  long const pid = check(syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
  if (pid == 0) run_child(program, descriptors, report);
  return Child{static_cast<pid_t>(pid), Fd{pidfd}};
}

class Watch {
public:
  Watch(Program const& program, Child& child, Fd reader) : program_{program}, child_{child}, reader_{std::move(reader)} {
    check(fcntl(reader_, F_SETFL, O_NONBLOCK), "fcntl", {Word{"F_SETFL"}});
    if (program.timeout_seconds) deadline_ = monotonic_ms() + std::int64_t{*program.timeout_seconds} * 1000;
  }

  ProgramOutcome wait() {
    while (!has_ended_) step();
    drain();  // what it wrote last; a background process that goes on writing is not waited for
    outcome_.wait_status = child_.reap();
    return std::move(outcome_);
  }

private:
  void step() {
    pollfd waiting[] = {{child_.pidfd(), POLLIN, 0}, {reader_, POLLIN, 0}, {program_.interruption, POLLIN, 0}};
    check(retry([&] { return poll(waiting, 3, patience()); }), "poll");
    if (waiting[0].revents) {
      has_ended_ = true;
    } else if (waiting[2].revents) {
      end_it(ProgramEnd::interrupted);
    } else if (deadline_ && monotonic_ms() >= *deadline_) {
      end_it(ProgramEnd::timed_out);
    } else if (waiting[1].revents) {
      drain();
    }
  }

  int patience() const {
    if (!deadline_) return -1;
    std::int64_t const left = std::max<std::int64_t>(*deadline_ - monotonic_ms(), 0);
    return static_cast<int>(std::min<std::int64_t>(left, 60'000));
  }

  // The leader is not reaped yet, so the number of its group is its own. One that has no group yet is killed alone.
  void end_it(ProgramEnd end) {
    outcome_.end = end;
    kill(-child_.pid(), SIGKILL);
    process::try_signal(child_.pidfd(), SIGKILL);
    process::wait_for_end(child_.pidfd(), -1);
    has_ended_ = true;
  }

  // Once around at most what a pipe holds: one that writes without end does not keep us here.
  void drain() {
    char buffer[4096];
    for (int i = 0; i < 16 && reader_.is_open(); ++i) {
      ssize_t const got = retry([&] { return read(reader_, buffer, sizeof buffer); });
      if (got < 0) return;
      if (got == 0) reader_.reset();
      outcome_.text.append(buffer, static_cast<std::size_t>(got));
      if (outcome_.text.size() > program_text_size) outcome_.text.erase(0, outcome_.text.size() - program_text_size);
    }
  }

  Program const& program_;
  Child& child_;
  Fd reader_;
  std::optional<std::int64_t> deadline_;
  bool has_ended_ = false;
  ProgramOutcome outcome_;
};

}  // namespace

ProgramOutcome run_program(Program const& program) {
  signal(SIGCHLD, SIG_DFL);
  Fd input = input_of(program);
  Pipe written = make_pipe(), report = make_pipe();
  int const pipe_end = written.writer;
  Child child = start(program, {input, program.output < 0 ? pipe_end : program.output,
                                program.errors < 0 ? pipe_end : program.errors}, report.writer);
  input.reset();
  written.writer.reset();
  report.writer.reset();
  auto outcome = Watch{program, child, std::move(written.reader)}.wait();
  int code = 0;
  // Empty when execve succeeded and closed it; killed in front of that, its end is all there is to tell.
  if (retry([&] { return read(report.reader, &code, sizeof code); }) == sizeof code) fail(code, "execve", {program.path});
  return outcome;
}

}  // namespace orlop::kernel
