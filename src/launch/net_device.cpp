#include "net_device.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"

namespace orlop::launch {

namespace {

using Devices = std::vector<kernel::NetDevice>;

// In a namespace that ends with a failed start, a device that is no hardware would end, too.
void take_back(Devices const& devices, std::vector<kernel::MovedDevice> const& moved, int here, int there) noexcept {
  for (std::size_t i = moved.size(); i-- > 0;)
    if (!kernel::move_device_back(here, there, devices[i], moved[i]))
      log::warning(concat({"linux.netDevices ", devices[i].name, ": could not be moved back as it was"}));
}

}  // namespace

void move_net_devices(Devices const& devices, int there) {
  Fd const here = kernel::open_rtnetlink();
  for (auto const& device : devices) {
    Doing const doing{"linux.netDevices", device.name};
    kernel::check_move(here, there, device);
  }
  std::vector<kernel::MovedDevice> moved;
  try {
    for (auto const& device : devices) {
      Doing const doing{"linux.netDevices", device.name};
      moved.push_back(kernel::move_device(here, there, device));
    }
  } catch (Error const&) {
    take_back(devices, moved, here, there);
    throw;
  }
}

}  // namespace orlop::launch
