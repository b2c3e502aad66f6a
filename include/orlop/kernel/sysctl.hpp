// Kernel parameters of the namespaces that we are in: proc_sys(5), sysctl(8).
#pragma once
#include <string>

namespace orlop::kernel {

struct Sysctl {
  std::string name;   // as the config has it, for messages
  std::string path;   // below /proc/sys: "net/ipv4/conf/eth0.1/forwarding"
  std::string value;
  bool operator==(Sysctl const&) const = default;
};

// `file`: what is at the path in a procfs that can be trusted, open for writing.
void write_sysctl(int file, Sysctl const& sysctl);

}  // namespace orlop::kernel
