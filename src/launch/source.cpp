#include "orlop/launch/source.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/mount.hpp"
#include "orlop/launch/channel.hpp"

#include <cerrno>
#include <fcntl.h>

namespace orlop::launch {

Fd SourceOpener::open(std::string const& path, bool follow, std::int32_t index) const {
  int const fd = ::open(path.c_str(), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
  if (fd >= 0) return Fd{fd};
  if (errno != EACCES || channel_ < 0) fail("open", {path});
  return ask_for(channel_, Word::open_source, path::open_host("/", O_PATH | O_DIRECTORY), index);
}

Fd SourceOpener::clone(std::string const& path, bool recursive, bool follow, std::int32_t index) const {
  if (channel_ < 0) return kernel::clone_tree(path, recursive, follow);
  return kernel::clone_tree(open(path, follow, index), path, recursive);
}

}  // namespace orlop::launch
