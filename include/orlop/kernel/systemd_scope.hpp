// A transient scope of systemd: a unit of processes that somebody else has started, here a container's init. The calls of
// org.freedesktop.systemd1(5), on a connection whose begin() is behind us; systemd.scope(5), systemd.resource-control(5).
#pragma once
#include "orlop/base/bus.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace orlop::kernel {

struct UnitProperty {
  std::string name;
  bus::Value value;
  // A systemd that does not have it yet goes without: a file of the cgroup says the same.
  bool may_be_unknown = false;
  bool operator==(UnitProperty const&) const = default;
};

// Waits until the processes that the property PIDs names are in it. False: a unit of that name exists, and has not just
// failed earlier. Errors: of the connection, what systemd says of a property; the job failed (a process has ended, ...).
bool try_start_scope(bus::Connection& systemd, std::string const& unit, std::vector<UnitProperty> properties);
// One that is not there is fine. systemd ends what is left inside: see TimeoutStopSec of systemd.kill(5).
void stop_unit(bus::Connection& systemd, std::string const& unit);
// Until the next boot; all of them or, when one is refused, none.
void set_unit_properties(bus::Connection& systemd, std::string const& unit, std::vector<UnitProperty> properties);
// Into the unit's cgroup, or one below it ("" or "/batch"): also where the process is outside of what is delegated to a
// user, who cannot move it himself then.
void attach_to_unit(bus::Connection& systemd, std::string const& unit, std::string const& below, pid_t process);

}  // namespace orlop::kernel
