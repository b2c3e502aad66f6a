// Kernel parameters of the namespaces that we are in: proc_sys(5), sysctl(8).
#pragma once
#include "orlop/base/directory.hpp"

#include <string>

namespace orlop::kernel {

struct Sysctl {
  std::string name;   // as the config has it, for messages
  std::string path;   // below /proc/sys: "net/ipv4/conf/eth0.1/forwarding"
  std::string value;
  bool operator==(Sysctl const&) const = default;
};

// `procfs`: of open_procfs().
void set_sysctl(Directory const& procfs, Sysctl const& sysctl);

}  // namespace orlop::kernel
