#include "orlop/kernel/seccomp.hpp"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace orlop::kernel {

// The kernel looks at the flags before it reads the program: seccomp(2), "EFAULT".
bool knows_filter_flags(unsigned flags) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0 && errno == EFAULT;
}

int load_filter(FilterProgram const& program, unsigned flags) noexcept {
  sock_fprog const given{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &given));
}

}  // namespace orlop::kernel
