#include "orlop/kernel/sysctl.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <unistd.h>

namespace orlop::kernel {

void write_sysctl(int file, Sysctl const& sysctl) {
  std::string const shown = concat({"/proc/sys/", sysctl.path});
  // One write: the kernel takes the first only, and none of a part.
  long const written = retry([&] { return write(file, sysctl.value.data(), sysctl.value.size()); });
  if (written < 0) fail("write", {shown, sysctl.value});
  if (static_cast<std::size_t>(written) != sysctl.value.size()) fail(EINVAL, "write", {shown, sysctl.value});
}

}  // namespace orlop::kernel
