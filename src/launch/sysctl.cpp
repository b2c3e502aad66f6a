#include "sysctl.hpp"

#include "orlop/base/error.hpp"
#include "orlop/kernel/procfs.hpp"

#include <cerrno>
#include <fcntl.h>

namespace orlop::launch {

namespace {

Fd open_parameter(Directory const& procfs, kernel::Sysctl const& sysctl) {
  try {
    return kernel::open_in_procfs(procfs, concat({"sys/", sysctl.path}), O_WRONLY);
  } catch (Error& error) {
    if (error.code() != ENOENT) throw;
    throw std::move(error).with_hint("the kernel does not have this parameter, or not one for each namespace");
  }
}

}  // namespace

void set_sysctls(std::vector<kernel::Sysctl> const& sysctls) {
  if (sysctls.empty()) return;
  Directory const procfs = kernel::open_procfs();
  for (auto const& sysctl : sysctls) {
    Doing const doing{"linux.sysctl", sysctl.name};
    kernel::write_sysctl(open_parameter(procfs, sysctl), sysctl);
  }
}

}  // namespace orlop::launch
