#include "harness/catch.hpp"
#include "harness/child.hpp"
#include "status.hpp"

#include "orlop/base/fd.hpp"
#include "orlop/kernel/seccomp.hpp"

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop::kernel;
using harness::in_child;

namespace {

// That answer to getppid; all else is allowed.
FilterProgram filter_with(std::uint32_t answer) {
  return {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
}

void give_up_privileges() { REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0); }

}  // namespace

TEST_CASE("seccomp: a filter answers from the next call on") {
  in_child([] {
    give_up_privileges();
    REQUIRE(load_filter(filter_with(SECCOMP_RET_ERRNO | EDOM), SECCOMP_FILTER_FLAG_SPEC_ALLOW) == 0);
    CHECK(syscall(SYS_getppid) == -1);
    CHECK(errno == EDOM);
    CHECK(syscall(SYS_getpid) == getpid());
    CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
  });
}

TEST_CASE("seccomp: with a listener its descriptor is returned, and closed by execve") {
  in_child([] {
    give_up_privileges();
    orlop::Fd const listener{load_filter(filter_with(SECCOMP_RET_USER_NOTIF), SECCOMP_FILTER_FLAG_NEW_LISTENER)};
    REQUIRE(listener > 2);
    CHECK((fcntl(listener, F_GETFD) & FD_CLOEXEC) != 0);
  });
}

TEST_CASE("seccomp: without no_new_privs a filter needs a capability") {
  in_child([] {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) harness::skip("no_new_privs is set already");
    if (geteuid() == 0) REQUIRE(setresuid(1, 1, 1) == 0);
    CHECK(load_filter(filter_with(SECCOMP_RET_ALLOW), 0) == -1);
    CHECK(errno == EACCES);
  });
}

TEST_CASE("seccomp: a program that the kernel does not take is EINVAL") {
  in_child([] {
    give_up_privileges();
    CHECK(load_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)}, 0) == -1);
    CHECK(errno == EINVAL);
  });
}

TEST_CASE("seccomp: which flags the kernel knows, asked without a filter") {
  CHECK(knows_filter_flags(0));
  CHECK(knows_filter_flags(SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
  CHECK(!knows_filter_flags(1U << 30));
  CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_DISABLED);
}
