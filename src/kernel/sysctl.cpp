#include "orlop/kernel/sysctl.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/procfs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace orlop::kernel {

void set_sysctl(Directory const& procfs, Sysctl const& sysctl) {
  std::string const path = path::joined("sys", sysctl.path);
  std::string const shown = path::joined(procfs.path, path);
  Fd file;
  try {
    file = open_in_procfs(procfs, path, O_WRONLY);
  } catch (Error& error) {
    if (error.code() != ENOENT) throw;
    throw std::move(error).with_hint("the kernel does not have this parameter, or not one for each namespace");
  }
  // One write: the kernel takes the first only, and none of a part.
  long const written = retry([&] { return write(file, sysctl.value.data(), sysctl.value.size()); });
  if (written < 0) fail("write", {shown, sysctl.value});
  if (static_cast<std::size_t>(written) != sysctl.value.size()) fail(EINVAL, "write", {shown, sysctl.value});
}

}  // namespace orlop::kernel
