#include "harness/catch.hpp"
#include "harness/child.hpp"

#include "orlop/kernel/keyring.hpp"

#include <linux/keyctl.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace orlop;

namespace {

constexpr long session = -3;  // KEY_SPEC_SESSION_KEYRING

long join(char const* name) { return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name); }
long serial() { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, session, 0); }

std::string name_of_session() {
  char text[256] = "";
  syscall(SYS_keyctl, KEYCTL_DESCRIBE, session, text, sizeof text - 1);
  std::string const all = text;
  return all.substr(all.rfind(';') + 1);
}

}  // namespace

TEST_CASE("keyring: a new one of the name, each time") {
  harness::in_child([] {
    if (join(nullptr) < 0) harness::skip("no keyrings here");
    long const before = serial();
    kernel::new_session_keyring("_ses.orlop-test");
    CHECK(name_of_session() == "_ses.orlop-test");
    long const first = serial();
    CHECK(first != before);
    kernel::new_session_keyring("_ses.orlop-test");
    CHECK(serial() != first);
  });
}

TEST_CASE("keyring: one that a stranger has made for us is not joined") {
  harness::in_child([] {
    if (join("_ses.orlop-trap") < 0) harness::skip("no keyrings here");
    long const trap = serial();
    REQUIRE(syscall(SYS_keyctl, KEYCTL_SETPERM, trap, 0x3f3f3f3f) == 0);
    // It can be joined by its name, and holds for as long as this process has it.
    harness::in_child([trap] {
      REQUIRE(join(nullptr) > 0);
      REQUIRE(join("_ses.orlop-trap") == trap);
      REQUIRE(join(nullptr) > 0);
      kernel::new_session_keyring("_ses.orlop-trap");
      CHECK(serial() != trap);
    });
  });
}
