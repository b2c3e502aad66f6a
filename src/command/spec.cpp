#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/command/command.hpp"
#include "orlop/plan/plan.hpp"

#include "oci/json.hpp"
#include "oci/spec.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace orlop::command {

namespace {

oci::Process example_process() {
  oci::StringList const capabilities{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  oci::Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {concat({"PATH=", plan::default_search_path}), "TERM=xterm"};
  process.cwd = "/";
  process.capabilities = oci::LinuxCapabilities{capabilities, capabilities, {}, capabilities, {}};
  process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
  process.no_new_privileges = true;
  return process;
}

std::vector<oci::Mount> example_mounts() {
  return {
      {"/proc", "proc", "proc", {}, {}, {}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}, {}, {}},
      {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}, {}, {}},
      {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}, {}, {}},
      {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}, {}, {}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}, {}, {}},
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}, {}, {}},
  };
}

oci::LinuxConfig example_linux() {
  using oci::NamespaceKind;
  oci::LinuxConfig config;
  config.resources.emplace();
  config.resources->devices = {{false, "", {}, {}, "rwm"}};
  for (auto const kind : {NamespaceKind::pid, NamespaceKind::network, NamespaceKind::ipc, NamespaceKind::uts,
                          NamespaceKind::mount, NamespaceKind::cgroup})
    config.namespaces.push_back({kind, ""});
  config.masked_paths = {"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
                         "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                         "/sys/firmware",       "/proc/scsi"};
  config.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return config;
}

oci::Spec example_spec() {
  oci::Spec spec;
  spec.oci_version = "1.3.0";
  spec.process = example_process();
  spec.root = oci::Root{"rootfs", true};
  spec.hostname = "orlop";
  spec.mounts = example_mounts();
  spec.linux_config = example_linux();
  return spec;
}

// What an ordinary user can have: the own id as root, no other one; the host's network, for a new one would lead nowhere;
// the host's /sys with it, and no cgroup.
oci::Spec without_root(oci::Spec spec) {
  auto& config = *spec.linux_config;
  config.resources.reset();
  std::erase_if(config.namespaces, [](auto const& one) { return one.type == oci::NamespaceKind::network; });
  config.namespaces.push_back({oci::NamespaceKind::user, ""});
  config.uid_mappings = {{0, geteuid(), 1}};
  config.gid_mappings = {{0, getegid(), 1}};
  for (auto& mount : spec.mounts) {
    std::erase_if(mount.options, [](std::string const& word) { return word.starts_with("gid=") || word.starts_with("uid="); });
    if (mount.destination == "/sys") mount = {"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "rro"}, {}, {}};
  }
  return spec;
}

}  // namespace

int spec(Context const&, Arguments const& arguments) {
  oci::Spec const made = arguments.has("rootless") ? without_root(example_spec()) : example_spec();
  std::string const beside = path::joined(arguments.value("bundle", "."), "config.json");
  std::string const path = arguments.value("file", beside);
  int const fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) throw Error::refusal(concat({path, " exists: remove it first"}));
  Fd const file{check(fd, "open", {path})};
  file::write(file, path, oci::print(made, oci::Style::pretty) + "\n");
  return 0;
}

}  // namespace orlop::command
