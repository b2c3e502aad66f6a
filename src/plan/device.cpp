#include "section.hpp"

#include "orlop/base/text.hpp"

#include <sys/stat.h>

namespace orlop::plan {

namespace {

struct DefaultDevice {
  char const* path;
  std::uint32_t major, minor;
};
// config-linux.md, "Default Devices". /dev/ptmx is a symlink to the container's own devpts, /dev/console the terminal.
constexpr DefaultDevice default_devices[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};
// config-linux.md, "Dev symbolic links".
constexpr struct {
  char const *path, *target;
} default_symlinks[] = {
    {"/dev/fd", "/proc/self/fd"},         {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},   {"/dev/ptmx", "pts/ptmx"},
};

mode_t kind_of(oci::LinuxDevice const& device, std::string const& where) {
  if (device.type == "c" || device.type == "u") return S_IFCHR;
  if (device.type == "b") return S_IFBLK;
  if (device.type == "p") return S_IFIFO;
  throw Refusal{where, concat({"unknown device type \"", device.type, "\" (c, u, b or p)"})};
}

std::uint32_t number_of(std::optional<std::int64_t> number, mode_t kind, std::string const& where) {
  if (!number && kind == S_IFIFO) return 0;
  if (!number) throw Refusal{where, "is missing"};
  if (*number < 0 || *number > UINT32_MAX) throw Refusal{where, concat({*number, " is no device number"})};
  return static_cast<std::uint32_t>(*number);
}

Device plan_device(oci::LinuxDevice const& wanted, std::size_t index) {
  constexpr char list[] = "linux.devices";
  Device device;
  device.path = absolute_path(wanted.path, at(list, index, "path"));
  auto& node = device.node;
  node.kind = kind_of(wanted, at(list, index, "type"));
  node.major = number_of(wanted.major, node.kind, at(list, index, "major"));
  node.minor = number_of(wanted.minor, node.kind, at(list, index, "minor"));
  if (wanted.file_mode) node.mode = *wanted.file_mode & 07777;
  node.uid = wanted.uid.value_or(0);
  node.gid = wanted.gid.value_or(0);
  return device;
}

bool is_listed(std::vector<Device> const& devices, std::string_view path) {
  for (auto const& device : devices)
    if (device.path == path) return true;
  return false;
}

// A /dev that is bound in from elsewhere is somebody's finished work (as runc has it).
bool has_foreign_dev(Plan const& plan) {
  for (auto const& mount : plan.mounts)
    if (mount.kind == MountKind::bind && mount.destination == "/dev") return true;
  return false;
}

}  // namespace

void plan_devices(oci::LinuxConfig const& config, Request const& request, Plan& plan) {
  bool const may_make = !plan.user_namespace || (request.may_filter_devices && !plan.user_namespace->has_ordinary_maker);
  for (std::size_t i = 0; i < config.devices.size(); ++i) {
    Device device = plan_device(config.devices[i], i);
    device.is_made_outside = plan.user_namespace && may_make && device.node.kind != S_IFIFO;
    if (is_listed(plan.devices, device.path))
      throw Refusal{at("linux.devices", i, "path"), concat({device.path, " is listed twice"})};
    plan.devices.push_back(std::move(device));
  }
  for (std::size_t i = 0; !may_make && i < config.devices.size(); ++i)
    if (auto const& one = config.devices[i]; one.type != "p" && (one.file_mode || one.uid || one.gid))
      plan.notes.push_back(concat({at("linux.devices", i), ": has the mode and the owner that the host's has: only root of the host can make another for a user namespace"}));
  if (has_foreign_dev(plan)) return;
  for (auto const& row : default_devices)
    if (!is_listed(plan.devices, row.path)) plan.devices.push_back({row.path, {S_IFCHR, row.major, row.minor, 0666, 0, 0}});
  for (auto const& row : default_symlinks) plan.symlinks.push_back({row.path, row.target});
  if (plan.user_namespace && !plan.rootfs.has_own_mounts()) plan.devices.clear();  // nodes of the host, bound in
}

}  // namespace orlop::plan
