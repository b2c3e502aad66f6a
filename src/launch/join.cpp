// The parent while it puts a process into a container: in the caller's namespaces, as the caller. For the moment of the
// clone its children belong to the container's pid namespace.
#include "orlop/launch/join.hpp"

#include "realtime.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/cgroup.hpp"
#include "orlop/kernel/credential.hpp"
#include "orlop/kernel/freezer.hpp"
#include "orlop/kernel/join.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/processor.hpp"
#include "orlop/kernel/systemd_scope.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/console.hpp"
#include "orlop/launch/enter.hpp"
#include "orlop/launch/last_words.hpp"
#include "orlop/launch/listener.hpp"
#include "orlop/launch/parley.hpp"
#include "orlop/launch/systemd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/capability.h>
#include <optional>
#include <unistd.h>

namespace orlop::launch {

namespace {

using container::Status;

constexpr char stopped[] = "cannot exec in a stopped container";

// For as long as it lives, we (and who is cloned meanwhile) run on these processors.
class On {
public:
  explicit On(std::vector<unsigned> const& processors) {
    if (processors.empty()) return;
    Doing const doing{"process.execCPUAffinity.initial"};
    is_set_ = sched_getaffinity(0, sizeof before_, &before_) == 0;
    kernel::run_on(processors);
  }
  On(On const&) = delete;
  On& operator=(On const&) = delete;
  ~On() {
    if (is_set_ && owner_ == getpid()) sched_setaffinity(0, sizeof before_, &before_);
  }

private:
  cpu_set_t before_;
  bool is_set_ = false;
  pid_t owner_ = getpid();
};

bool is_paused(container::Record const& record) {
  auto const freezer = kernel::try_freezer(record.all_cgroups);
  return freezer && kernel::is_freeze_wanted(*freezer);
}

// One at least has to be there, else the first says that it is not.
std::vector<std::string> cgroups_of(plan::Exec const& exec) {
  auto directories = exec.cgroups;
  auto const is_there = [](std::string const& directory) { return access(directory.c_str(), F_OK) == 0; };
  if (exec.own_cgroups.empty() || std::none_of(directories.begin(), directories.end(), is_there)) return directories;
  for (std::size_t i = 0; i < directories.size(); ++i)
    if (!is_there(directories[i])) directories[i] = exec.own_cgroups[i];
  return directories;
}

// The v2 cgroup that init is in, as a directory of the host; empty if it is not to be found. `own`: the container's, in which
// exec cannot be: it has controllers for the ones below it and so takes no process itself (init has moved down then, as
// systemd does), or it was removed when init had moved away. The tree may show more or less than our own cgroup namespace.
std::string cgroup_of_init(std::string const& own, pid_t init) {
  std::string path = kernel::cgroup_of(std::to_string(init), "");
  if (path == "/") path.clear();
  for (auto length = own.size(); length != std::string::npos && length > 0; length = own.rfind('/', length - 1)) {
    std::string const directory = own.substr(0, length) + path;
    if (access((directory + "/cgroup.controllers").c_str(), F_OK) < 0) continue;
    auto const there = kernel::cgroup_processes(directory);
    if (std::find(there.begin(), there.end(), init) != there.end()) return directory;
  }
  return {};
}

// The v1 ones are for the process to enter: it is born in the v2 one, which is returned; empty if there is none.
std::string find_cgroups(plan::Exec const& exec, pid_t init, Entrance& entrance) {
  Doing const doing{"cgroup"};
  std::string birthplace;
  for (auto const& directory : cgroups_of(exec)) {
    try {
      Fd tasks = kernel::open_tasks(directory);
      if (tasks.is_open())
        entrance.cgroups_v1.push_back(std::move(tasks));
      else
        birthplace = directory;
    } catch (Error const& error) {
      if (error.code() != ENOENT || !exec.may_follow_init) throw;
      birthplace = cgroup_of_init(directory, init);
      if (birthplace.empty()) throw;
    }
  }
  return birthplace;
}

std::optional<Child> born_in(std::string const& directory) {
  Fd const cgroup = directory.empty() ? Fd{} : path::open_host(directory, O_PATH | O_DIRECTORY);
  return kernel::clone_into(0, cgroup);
}

std::string outside_hint() {
  std::string const text = file::read("/proc/self/cgroup");
  auto const line = text.find("0::");
  if (line == std::string::npos) return {};
  auto const path = std::string_view{text}.substr(line + 3, text.find('\n', line) - line - 3);
  return concat({"orlop was called in the cgroup ", path, ", and this user may move a process only within what is delegated "
                 "to him (call it from there, as systemd-run --user does)"});
}

}  // namespace

Fd hold_init(container::ContainerDir const& container, container::Record const& record, bool ignore_paused) {
  auto held = container::try_hold(record.init, record.boot_id);
  // Once it is made, its init says all: one that still waits at the gate can be joined as well.
  if (record.phase == container::Phase::creating) {
    Status const status = container::status_of(container, record);
    if (status == Status::creating) throw Error::refusal("cannot exec in a container that is being created");
    if (status == Status::stopped) held.reset();
  }
  if (!held) throw Error::refusal(stopped);
  if (!ignore_paused && is_paused(record))
    throw Error::refusal("cannot exec in a paused container (use --ignore-paused to override)");
  return std::move(*held);
}

// The host's root has every right over the host's namespaces.
std::uint64_t namespaces_to_join(pid_t init) {
  constexpr auto needed = kernel::CapabilitySet{1} << CAP_SYS_ADMIN | kernel::CapabilitySet{1} << CAP_SYS_CHROOT;
  bool const has_capabilities = (kernel::grantable_capabilities(0).permitted & needed) == needed;
  return kernel::namespaces_to_join(init, has_capabilities && kernel::is_in_initial_user_namespace());
}

bool denies_setgroups(container::Record const& record) { return kernel::id_maps_of(record.init.pid).denies_setgroups; }

Join::Join(plan::Plan const& plan, container::Record const& record, Fd init, JoinOptions const& options,
           SignalGuard& signals, Fd spare)
    : plan_{plan}, record_{record}, init_{std::move(init)}, options_{options}, signals_{signals}, spare_{std::move(spare)} {}

void Join::execute() {
  try {
    clone();
    serve(channel_, signals_, is_executing_, "the program was executed", [&](Heard& heard) { return is_done(heard); });
  } catch (Error& error) {
    // Whatever the kernel calls it: into a container that has died meanwhile nobody gets. ESRCH: its init has given its
    // namespaces up, and may wait for its children to end (who stand still, for delete). ENOMEM of the clone: it is ending.
    int const patience_ms = error.code() == ENOMEM ? 1000 : 0;
    bool const has_ended = error.code() == ESRCH || process::wait_for_end(init_, patience_ms);
    if (error.exit_status() == 1 && has_ended) throw Error::refusal(stopped);
    throw with_realtime_hint(std::move(error), plan_.process, plan_.exec->cgroups);
  }
  deliver_pidfd(process_.pidfd(), options_.pidfd_socket, "setns");
  if (options_.pid_file.empty()) return;
  Doing const doing{"pid file"};
  file::replace(options_.pid_file, std::to_string(process_.pid()), 0644);
}

// In a user namespace nobody has the right to give away the streams of a user outside.
void Join::give_streams(kernel::IdMaps const& maps) const {
  auto const uid = kernel::id_outside(maps.uids, plan_.process.user.uid);
  auto const gid = kernel::id_outside(maps.gids, plan_.process.user.gid);
  if (uid && gid && !plan_.process.terminal.wanted) kernel::own_stdio(*uid, *gid);
}

// What init does before it is its program, nobody but root may look at.
std::uint64_t Join::namespaces_of_init() const {
  try {
    return namespaces_to_join(record_.init.pid);
  } catch (Error& error) {
    if (error.code() != EACCES || record_.phase != container::Phase::created || geteuid() == 0) throw;
    throw std::move(error).with_hint("only root can exec into a container that has not been started yet, or whose program "
                                     "hides itself");
  }
}

void Join::clone() {
  auto [ours, theirs] = socket::seqpacket_pair();
  Entrance entrance{.init = init_, .namespaces = namespaces_of_init(), .cgroups_v1 = {}};
  if (entrance.namespaces & CLONE_NEWUSER) {
    auto const maps = kernel::id_maps_of(record_.init.pid);
    entrance.owner_uid = kernel::owner_in(maps.uids);
    entrance.owner_gid = kernel::owner_in(maps.gids);
    give_streams(maps);
    entrance.has_stage = plan_.user_namespace && plan_.user_namespace->has_ordinary_maker;
  }
  bool const has_pid_namespace = entrance.namespaces & CLONE_NEWPID && !entrance.has_stage;
  if (has_pid_namespace) entrance.namespaces &= ~std::uint64_t{CLONE_NEWPID};
  std::string const birthplace = find_cgroups(*plan_.exec, record_.init.pid, entrance);
  // From its first moment on the child can be seen in the container: it must not be looked into.
  kernel::set_dumpable(false);
  On const processors{plan_.exec->initial_processors};
  if (has_pid_namespace) kernel::join_process(init_, CLONE_NEWPID);  // for this child, our last
  log::debug("cloning the process");
  std::optional<Child> child = clone_in(birthplace, entrance);
  if (!child) launch::enter(plan_, entrance, theirs);
  process_ = std::move(*child);
  channel_ = std::move(ours);
  if (entrance.waits_for_cgroup) attach(birthplace);
}

// In that cgroup, or in the one that init is in, or where we are, until systemd has been asked (attach).
std::optional<Child> Join::clone_in(std::string const& birthplace, Entrance& entrance) const {
  try {
    return born_in(birthplace);
  } catch (Error& error) {
    bool const is_refused = error.code() == EBUSY && plan_.exec->may_follow_init && !birthplace.empty();
    std::string const other = is_refused ? cgroup_of_init(birthplace, record_.init.pid) : "";
    bool const follows = !other.empty() && other != birthplace;
    entrance.waits_for_cgroup = error.code() == EACCES && !record_.unit.empty();
    if (error.code() == EACCES && record_.unit.empty()) throw std::move(error).with_hint(outside_hint());
    if (!follows && !entrance.waits_for_cgroup) throw;
    return born_in(follows ? other : "");
  }
}

// From a session of his an ordinary user may not move a process into what his systemd has been given: it is asked to.
void Join::attach(std::string const& directory) {
  Doing const doing{"cgroup"};
  auto const found = directory.find(record_.unit);
  std::string const below = found == std::string::npos ? "" : directory.substr(found + record_.unit.size());
  auto systemd = connect_to_systemd(record_.unit_is_users, signals_.interruption());
  kernel::attach_to_unit(systemd, record_.unit, below, process_.pid());
  if (!say(channel_, Word::cgroups_made)) report_death();
}

// One word of the child; true when the program runs.
bool Join::is_done(Heard& heard) {
  switch (heard.message.word) {
    case Word::forked:
      process_.reap();
      process_ = Child{heard.message.index, std::move(heard.fd)};
      return false;
    case Word::terminal:
      terminal_ = deliver_terminal(std::move(heard.fd), options_.console_socket);
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::executing:
      is_executing_ = true;
      last_words_ = std::move(heard.fd);
      spare_.reset();
      return false;
    case Word::listener:
      deliver_listener(std::move(heard.fd), record_, "running", process_.pid());
      say(channel_, Word::done);
      return false;
    case Word::failed: throw error_of(heard.message).within(Doing::trail());
    case Word::end_of_file:
      if (is_executing_) {
        hear_last_words(last_words_);
        return true;
      }
      report_death();
    default: throw Error::refusal("the process said a word that is not its own");
  }
}

void Join::report_death() {
  throw_failure_in(channel_);
  throw_end("the process", process_.reap());
}

}  // namespace orlop::launch
