#include "launch.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/self_exe.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/notify.hpp"
#include "orlop/launch/survey.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace orlop::command {

void check_terminal(plan::Plan const& plan, std::string const& socket, TerminalUse use) {
  bool const wanted = plan.process.terminal.wanted;
  if (wanted && use == TerminalUse::to_socket && socket.empty())
    throw Error::refusal("cannot allocate tty if orlop will detach without setting console socket (--console-socket)");
  bool const is_useless = !socket.empty() && (!wanted || use == TerminalUse::relayed);
  if (is_useless)
    throw Error::refusal("cannot use console socket if orlop will not detach or allocate tty");
}

void report_notes(plan::Plan const& plan) {
  for (auto const& note : plan.notes) log::debug(note);
  for (auto const& warning : plan.warnings) log::warning(warning);
}

namespace {

constexpr unsigned most_descriptors = 1024;

// Early, for a clear word: later it is only the errno of a mount.
void check_rootfs(plan::Rootfs const& rootfs) {
  Doing const doing{"root.path"};
  path::open_host(rootfs.path, O_PATH | O_DIRECTORY);
}

// Behind the last descriptor of the caller's in that range; `first` if there is none.
unsigned end_of_inherited(unsigned first, unsigned end) {
  while (end > first && !kernel::is_inherited(static_cast<int>(end - 1))) --end;
  return end;
}

// sd_listen_fds(3): they are for us if LISTEN_PID says so.
unsigned listen_fds() {
  char const* const pid = getenv("LISTEN_PID");
  char const* const count = getenv("LISTEN_FDS");
  if (!pid || !count || whole_number(pid) != static_cast<std::uint64_t>(getpid())) return 0;
  auto const number = whole_number(count);
  if (!number || *number > most_descriptors) throw Error::refusal(concat({"LISTEN_FDS is ", json_quoted(count)}));
  return static_cast<unsigned>(*number);
}

// Root of a user namespace is a user who has made it (rootless Podman), or root of a container that has a systemd of its
// own: where there is a way to a user's bus, the former.
plan::Systemd systemd_to_ask(bool is_hosts_root) {
  bool const has_user_bus = getenv("XDG_RUNTIME_DIR") || getenv("DBUS_SESSION_BUS_ADDRESS");
  bool const is_user = geteuid() != 0 || (!is_hosts_root && has_user_bus);
  return is_user ? plan::Systemd::user : plan::Systemd::system;
}

}  // namespace

std::optional<plan::OrdinaryUser> ordinary_caller() {
  if (geteuid() == 0) return std::nullopt;
  auto const number = kernel::capability_of("CAP_SYS_ADMIN");
  if (number && kernel::grantable_capabilities(0).permitted >> *number & 1) return std::nullopt;
  return plan::OrdinaryUser{geteuid(), getegid()};
}

plan::Request make_request(Context const& context, Arguments const& arguments, std::string const& id) {
  plan::Request request{id, "", arguments.has("no-pivot"), arguments.has("no-new-keyring")};
  request.no_cgroup = context.cgroup_manager == CgroupManager::disabled;
  request.caller = ordinary_caller();
  bool const is_hosts_root = geteuid() == 0 && kernel::is_in_initial_user_namespace();
  request.denies_setgroups = !is_hosts_root && kernel::id_maps_of(getpid()).denies_setgroups;
  request.is_hosts_root = is_hosts_root;
  request.may_filter_devices = !request.caller && (geteuid() != 0 || is_hosts_root);
  if (context.cgroup_manager == CgroupManager::systemd) request.systemd = systemd_to_ask(is_hosts_root);
  std::string const& word = context.rootless;
  if (word != "auto" && word != "true" && word != "false")
    throw Error::refusal(concat({"unknown value \"", word, "\" of --rootless (auto, true or false)"}));
  bool const is_auto = word == "auto";
  char const* const receiver = getenv("RUN_OCI_SECCOMP_RECEIVER");
  request.seccomp_receiver = receiver ? receiver : "";
  request.cgroup_may_lack = is_auto ? !is_hosts_root : word == "true";
  return request;
}

plan::Descriptors descriptors_of(Context const& context, Arguments const& arguments) {
  plan::Descriptors wanted{listen_fds(), 0};
  if (arguments.has("preserve-fds")) {
    auto const number = whole_number(arguments.value("preserve-fds"));
    if (!number || *number > most_descriptors)
      throw Error::refusal(concat({"--preserve-fds ", json_quoted(arguments.value("preserve-fds")),
                                   " is no number of descriptors (0 to ", most_descriptors, ")"}));
    wanted.preserved = static_cast<unsigned>(*number);
  }
  unsigned const open = context.inherited;
  if (wanted.listen + wanted.preserved <= open) return wanted;
  // These are counted by the program, so there is none left out.
  if (wanted.listen > open) throw Error::refusal(concat({"LISTEN_FDS: descriptor ", 3 + open, " is not open"}));
  // "podman run --preserve-fd 3,7" asks for 5 and leaves 4 to 6 out: what is open of them goes on, as with crun.
  log::debug(concat({"--preserve-fds ", wanted.preserved, ": descriptor ", 3 + open, " is not open"}));
  wanted.preserved = end_of_inherited(3 + open, 3 + wanted.listen + wanted.preserved) - 3 - wanted.listen;
  return wanted;
}

namespace {

// What is linked to crun by these names runs a container in a machine or an engine of its own.
void check_own_name(std::string_view path) {
  std::string_view const name = path.substr(path.rfind('/') + 1);
  if (name == "krun" || name == "crun-wasm")
    throw Error::refusal(concat({"called as ", name, ": orlop has no such handler, and runs programs of this machine only"}));
}

}  // namespace

Launch prepare_launch(Context const& context, Arguments const& arguments, TerminalUse terminal, bool runs) {
  std::string const& id = arguments.words()[0];
  container::check_id(id);
  check_own_name(context.argv[0] ? context.argv[0] : "");
  Launch launch;
  // First of all: where it has to execute orlop again, nothing else is done twice.
  launch.spare = kernel::protect_self_exe(context.argv);
  launch.bundle = load_bundle(arguments.value("bundle", "."), arguments.value("config"));
  launch::Survey host;
  auto request = make_request(context, arguments, id);
  request.descriptors = descriptors_of(context, arguments);
  request.runs = runs;
  if (!launch::notify_socket().empty())
    request.notify_directory = path::joined(absolute(context.root()), concat({id, "/", container::notify_directory}));
  launch.plan = make_plan(launch.bundle, host, request);
  launch.source = {launch.bundle.config, launch.bundle.spec.oci_version, launch.bundle.spec.annotations};
  launch.options = {context.root(), arguments.value("pid-file"), arguments.value("console-socket"), arguments.value("pidfd-socket", launch.plan.pidfd_receiver), !runs};
  check_terminal(launch.plan, launch.options.console_socket, terminal);
  check_rootfs(launch.plan.rootfs);
  report_notes(launch.plan);
  return launch;
}

}  // namespace orlop::command
