// The parent's answer to `move_netdevs`.
#pragma once
#include "orlop/plan/plan.hpp"

namespace orlop::launch {

// From our own network namespace to that of the socket (kernel::open_rtnetlink). None is moved if one cannot be.
void move_net_devices(std::vector<kernel::NetDevice> const& devices, int there);

}  // namespace orlop::launch
