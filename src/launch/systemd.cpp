#include "orlop/launch/systemd.hpp"

#include "orlop/base/error.hpp"

#include <cerrno>
#include <cstdlib>

namespace orlop::launch {

namespace {

constexpr int bus_patience_ms = 10'000;      // to be let in, by the bus itself
constexpr int systemd_patience_ms = 30'000;  // systemd may be busy with all of a host's units

std::string variable(char const* name) {
  char const* const value = std::getenv(name);
  return value ? value : "";
}

// "" if there is no way to know it.
std::string address_of(bool of_user) {
  std::string address = variable(of_user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
  if (!address.empty()) return address;
  if (!of_user) return "unix:path=/run/dbus/system_bus_socket";
  std::string const directory = variable("XDG_RUNTIME_DIR");
  return directory.empty() ? "" : concat({"unix:path=", directory, "/bus"});
}

constexpr char user_hint[] = "systemd makes cgroups for a user who is logged in, or for whom lingering is on (loginctl "
                             "enable-linger), with the package dbus-user-session, and XDG_RUNTIME_DIR or "
                             "DBUS_SESSION_BUS_ADDRESS set; --cgroup-manager cgroupfs does without systemd";
constexpr char system_hint[] = "is the D-Bus daemon of the system running? --cgroup-manager cgroupfs does without systemd";

}  // namespace

bus::Connection connect_to_systemd(bool of_user, int interruption) {
  std::string const address = address_of(of_user);
  if (address.empty())
    throw Error::refusal("systemd of this user cannot be found: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set")
        .with_hint(user_hint);
  try {
    bus::Connection connection{address, interruption};
    connection.wait_at_most(bus_patience_ms);
    connection.begin();
    connection.wait_at_most(systemd_patience_ms);
    return connection;
  } catch (Error& error) {
    if (error.code() == EINTR) throw;
    throw std::move(error).with_hint(of_user ? user_hint : system_hint);
  }
}

}  // namespace orlop::launch
