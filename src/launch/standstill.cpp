#include "standstill.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/kernel/cgroup.hpp"

#include <unistd.h>

namespace orlop::launch {

namespace {

constexpr int patience_ms = 1000;

// Who is inside would stand still, too, and for ever: nobody would be left to thaw it.
bool are_we_in(kernel::Freezer const& freezer) { return kernel::cgroup_tree_processes(freezer.directory).contains(getpid()); }

}  // namespace

Standstill::Standstill(std::span<std::string const> cgroups) : freezer_{kernel::try_freezer(cgroups)} {
  if (freezer_ && are_we_in(*freezer_)) freezer_.reset();
  if (freezer_ && kernel::is_freeze_wanted(*freezer_)) freezer_.reset();
  if (freezer_ && !kernel::try_freeze(*freezer_, patience_ms)) freezer_.reset();
}

Standstill::~Standstill() {
  try {
    if (freezer_) kernel::thaw(*freezer_);
  } catch (Error const& error) {
    log::warning(error.what());
  }
}

}  // namespace orlop::launch
