#include "orlop/kernel/keyring.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

// linux/key.h of the kernel, which has no header for programs: who may search a keyring can join it by name.
constexpr unsigned long searchable_by_others = 0x00080808;

long join(char const* name) { return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name); }

// "keyring;0;0;3f130000;_ses.web1". A keyring that we have made just now is not to be searched by others; one that we
// could join is.
bool is_new(long keyring) {
  char text[512];
  long const length = syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, text, sizeof text - 1);
  if (length < 0) fail("keyctl", {Word{"KEYCTL_DESCRIBE"}, keyring});
  text[static_cast<std::size_t>(length) < sizeof text ? length : 0] = '\0';
  auto const fields = split(text, ';');
  return fields.size() > 3 && !(std::strtoul(std::string{fields[3]}.c_str(), nullptr, 16) & searchable_by_others);
}

[[noreturn]] void fail_to_join(int code, std::string const& name) {
  Error error{code, call_text("keyctl", {Word{"KEYCTL_JOIN_SESSION_KEYRING"}, name})};
  if (code == EDQUOT)
    throw std::move(error).with_hint("this user has as many keys as /proc/sys/kernel/keys/maxkeys allows (see "
                                     "/proc/key-users); --no-new-keyring goes without one more");
  throw std::move(error).with_hint("with --no-new-keyring the container keeps the caller's session keyring");
}

}  // namespace

void new_session_keyring(std::string const& name) {
  long keyring = join(name.c_str());
  if (keyring >= 0 && !is_new(keyring)) keyring = join(nullptr);
  if (keyring < 0 && errno != ENOSYS) fail_to_join(errno, name);
}

}  // namespace orlop::kernel
