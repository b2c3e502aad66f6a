// Network devices of the network namespace that we are in: netdevice(7).
#pragma once
#include <string>

namespace orlop::kernel {

void bring_up(std::string const& name);

}  // namespace orlop::kernel
