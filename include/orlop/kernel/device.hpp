// Device nodes and the symlinks beside them, made in an open directory: mknod(2), symlink(2).
#pragma once
#include "orlop/base/directory.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace orlop::kernel {

struct DeviceNode {
  mode_t kind = 0;  // S_IFCHR, S_IFBLK or S_IFIFO
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  mode_t mode = 0666;
  uid_t uid = 0;
  gid_t gid = 0;
  bool operator==(DeviceNode const&) const = default;
};

// An equal node that is there already is kept (mode and owner are set); a different file there is the error EEXIST.
void make_device(Directory const& parent, std::string const& name, DeviceNode const& node);
// A name that is taken already is kept.
void make_symlink(Directory const& parent, std::string const& name, std::string const& target);
// True: the descriptor is that very device.
bool is_device(int fd, DeviceNode const& node);

}  // namespace orlop::kernel
