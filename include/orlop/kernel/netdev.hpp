// Network devices: netdevice(7), rtnetlink(7).
#pragma once
#include "orlop/base/fd.hpp"

#include <string>

namespace orlop::kernel {

// Of the network namespace that we are in.
void bring_up(std::string const& name);

struct NetDevice {
  std::string name;
  std::string new_name;  // with %d at its end: the first number that makes it unique
  bool has_pattern() const { return new_name.find('%') != std::string::npos; }
};

// A socket that speaks for the network namespace that we are in, wherever it is used.
Fd open_rtnetlink();
// The device is `here`, and its new name is free `there`; both are such sockets. Error: it cannot be moved.
void check_move(int here, int there, NetDevice const& device);
// One that has moved: its number there, and what it was here.
struct MovedDevice {
  int index = 0;
  bool was_up = false;
};
// To the other namespace, under its new name, with its global permanent addresses, and up. On error it is where it was.
MovedDevice move_device(int here, int there, NetDevice const& device);
// Back again, under its old name, with its addresses. False: it is not, or not all of it.
bool move_device_back(int here, int there, NetDevice const& device, MovedDevice moved) noexcept;

}  // namespace orlop::kernel
