#include "standstill.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"

namespace orlop::launch {

namespace {

constexpr int patience_ms = 1000;

}  // namespace

Standstill::Standstill(std::span<std::string const> cgroups) : freezer_{kernel::try_freezer(cgroups)} {
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
