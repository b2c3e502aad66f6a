#include "orlop/launch/source.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/mount.hpp"
#include "orlop/launch/channel.hpp"

#include <cerrno>
#include <fcntl.h>

namespace orlop::launch {

namespace {

// mount_namespaces(7): what another user namespace has mounted below it covers something, and stays where it is. The kernel
// says EINVAL, as to much else: whether that is it, a copy with all below it tells.
template <class Clone>
Fd clone_alone(Clone const& clone) {
  try {
    return clone(false);
  } catch (Error& error) {
    if (error.code() != EINVAL) throw;
    try {
      clone(true);
    } catch (Error const&) {
      throw std::move(error);
    }
    throw std::move(error).with_hint("other mounts are below it, and in a user namespace it cannot be had without them: the "
                                     "option rbind takes them along");
  }
}

}  // namespace

Fd SourceOpener::open(std::string const& path, bool follow, std::int32_t index) const {
  int const fd = ::open(path.c_str(), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
  if (fd >= 0) return Fd{fd};
  if (errno != EACCES || channel_ < 0) fail("open", {path});
  return ask_for(channel_, Word::open_source, path::open_host("/", O_PATH | O_DIRECTORY), index);
}

Fd SourceOpener::clone(std::string const& path, bool recursive, bool follow, std::int32_t index) const {
  Fd const source = channel_ < 0 ? Fd{} : open(path, follow, index);
  auto const cloned = [&](bool with_all) {
    return source.is_open() ? kernel::clone_tree(source, path, with_all) : kernel::clone_tree(path, with_all, follow);
  };
  return recursive ? cloned(true) : clone_alone(cloned);
}

}  // namespace orlop::launch
