// What must not be: a mount's place in the root, found properly and then opened by its name once more. The race harness
// has to find this (tests/integration/race.py); it takes the place of src/launch/mount_target.cpp in a copy of orlop.
#include "mount_target.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <fcntl.h>

namespace orlop::launch {

Fd mount_target(Directory const& root, plan::Mount const& mount, bool is_directory) {
  Fd const found = is_directory ? path::make_directories(root, mount.destination) : path::make_file(root, mount.destination);
  return path::open_host(path::joined(root.path, mount.destination), O_PATH);
}

bool copy_symlink(Directory const&, plan::Mount const&) { return false; }

}  // namespace orlop::launch
