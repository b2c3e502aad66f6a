// All processes of some cgroups stand for as long as the object lives, so that none can fork past a signal. One that cannot
// be frozen in time does not stop the others from being told. A pause of the user's is left as it is.
#pragma once
#include "orlop/kernel/freezer.hpp"

#include <optional>
#include <span>
#include <string>

namespace orlop::launch {

class Standstill {
public:
  explicit Standstill(std::span<std::string const> cgroups);
  ~Standstill();
  Standstill(Standstill const&) = delete;
  Standstill& operator=(Standstill const&) = delete;

private:
  std::optional<kernel::Freezer> freezer_;
};

}  // namespace orlop::launch
