// The way to systemd: the system's manager is asked on the system bus, a user's own on the bus of the user.
#pragma once
#include "orlop/base/bus.hpp"

namespace orlop::launch {

// Ready for calls, each of which waits 30 s at most. Errors have a hint where nobody listens or answers. `interruption`:
// what ends every wait, see bus::Connection.
bus::Connection connect_to_systemd(bool of_user, int interruption);

}  // namespace orlop::launch
