#include "rdt_set.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <fcntl.h>

namespace orlop::launch {

namespace {

Directory open_resctrl(plan::IntelRdt const& rdt) { return {path::open_host(rdt.mount, O_PATH | O_DIRECTORY), rdt.mount}; }

}  // namespace

void remove_rdt_groups(std::vector<std::string> const& directories) noexcept {
  std::for_each(directories.rbegin(), directories.rend(), [](auto const& directory) {
    try {
      kernel::remove_rdt_group(directory);
    } catch (Error const& error) {
      log::warning(error.what());
    }
  });
}

RdtSet::~RdtSet() {
  if (owner_ == getpid()) remove_rdt_groups(made_);
}

// A closID that was given stays, for others that have it.
void RdtSet::record(container::Record& record) {
  Doing const doing{"linux.intelRdt"};
  made_ = kernel::missing_rdt_groups(open_resctrl(plan_), plan_.group);
  record.rdt_groups = kernel::rdt_directories(plan_.mount, plan_.group);
  record.rdt_made = made_;
  if (!plan_.is_own) std::erase(record.rdt_made, record.rdt_groups.front());
}

void RdtSet::make(pid_t init) const {
  Doing const doing{"linux.intelRdt"};
  kernel::make_rdt_group(open_resctrl(plan_), plan_.group);
  for (auto const& directory : kernel::rdt_directories(plan_.mount, plan_.group)) kernel::enter_rdt_group(directory, init);
}

}  // namespace orlop::launch
