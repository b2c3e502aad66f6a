// A field of /proc/self/status: proc_pid_status(5).
#pragma once
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace test {

inline std::string status_field(std::string const& name) {
  std::string const text = orlop::file::read("/proc/self/status");
  for (auto const line : orlop::split(text, '\n'))
    if (line.starts_with(name + ":")) return std::string{orlop::trimmed(line.substr(name.size() + 1))};
  return "";
}

inline std::uint64_t status_bits(std::string const& name) {
  return std::strtoull(status_field(name).c_str(), nullptr, 16);
}

}  // namespace test
