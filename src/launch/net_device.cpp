#include "net_device.hpp"

#include "orlop/base/error.hpp"

namespace orlop::launch {

void move_net_devices(std::vector<kernel::NetDevice> const& devices, int there) {
  Fd const here = kernel::open_rtnetlink();
  for (auto const& device : devices) {
    Doing const doing{"linux.netDevices", device.name};
    kernel::check_move(here, there, device);
  }
  for (auto const& device : devices) {
    Doing const doing{"linux.netDevices", device.name};
    kernel::move_device(here, there, device);
  }
}

}  // namespace orlop::launch
