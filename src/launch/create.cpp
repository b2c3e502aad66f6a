// The parent while it makes a container: in the caller's namespaces, as the caller, with the host's files in reach.
#include "orlop/launch/create.hpp"

#include "device_store.hpp"
#include "id_map.hpp"
#include "mount_source.hpp"
#include "net_device.hpp"
#include "rdt_set.hpp"
#include "realtime.hpp"
#include "stage.hpp"

#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/container/gate.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/idmap.hpp"
#include "orlop/kernel/credential.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/oom_score.hpp"
#include "orlop/kernel/processor.hpp"
#include "orlop/kernel/rlimit.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/console.hpp"
#include "orlop/launch/hook.hpp"
#include "orlop/launch/init.hpp"
#include "orlop/launch/last_words.hpp"
#include "orlop/launch/listener.hpp"
#include "orlop/launch/parley.hpp"
#include "orlop/launch/payload.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

// All that a later command needs to clean up, should this one be killed: written before anything is made.
container::Record first_record(plan::Plan const& plan, Source const& source, std::string const& state_root) {
  container::Record record;
  record.id = plan.id;
  record.oci_version = source.oci_version;
  record.bundle = plan.bundle;
  record.rootfs = plan.rootfs.path;
  record.created = timestamp(Precision::nanoseconds);
  record.owner = geteuid();
  record.boot_id = container::boot_id_for(state_root);
  record.maker = container::identify(getpid());
  record.cgroup_driver = plan.cgroup.unit ? "systemd" : "cgroupfs";
  if (plan.cgroup.unit) {
    record.unit = plan.cgroup.unit->name;
    record.unit_is_users = plan.cgroup.unit->is_users;
  }
  record.cgroups = missing_cgroups(plan.cgroup);
  for (auto const& directory : plan.cgroup.directories) record.all_cgroups.push_back(directory.full());
  record.annotations = source.annotations;
  if (plan.hooks && !(plan.hooks->of.poststart.empty() && plan.hooks->of.poststop.empty())) {
    auto& hooks = record.hooks.emplace();
    hooks.poststart = plan.hooks->of.poststart;
    hooks.poststop = plan.hooks->of.poststop;
  }
  if (auto const& seccomp = plan.process.seccomp; seccomp && seccomp->listener)
    record.seccomp_listener = {seccomp->listener->path, seccomp->listener->metadata};
  return record;
}

// Before it is recorded as ours. One that comes between is told by systemd.
void refuse_unit_that_exists(plan::Cgroup const& cgroup) {
  if (!cgroup.unit) return;
  Doing const doing{"cgroup", cgroup.unit->name};
  for (auto const& directory : missing_cgroups(cgroup))
    if (access(directory.c_str(), F_OK) == 0)
      throw Error::refusal(concat({"a systemd unit of this name exists already: it has the cgroup ", directory}));
}

// All of the plan's, before anything is made: a wrong one leaves nothing to roll back.
std::vector<Fd> open_joined(plan::Namespaces const& namespaces) {
  std::vector<Fd> open;
  for (auto const& one : namespaces.joined) {
    Doing const doing{"linux.namespaces", one.index, "path"};
    open.push_back(kernel::open_namespace(one.path, one.kind));
  }
  return open;
}

// EPERM and its kin say nothing of what switched user namespaces off.
template <class Clone>
std::optional<Child> born(Clone const& clone) {
  try {
    return clone();
  } catch (Error& error) {
    throw with_user_namespace_hint(std::move(error));
  }
}

}  // namespace

Creation::Creation(plan::Plan const& plan, Source const& source, CreateOptions const& options, SignalGuard& signals,
                   Fd spare)
    : plan_{plan},
      source_{source},
      options_{options},
      signals_{signals},
      cgroups_{plan.cgroup},
      rdt_{plan.intel_rdt ? std::make_unique<RdtSet>(*plan.intel_rdt) : nullptr},
      spare_{std::move(spare)} {}

Aftermath::~Aftermath() {
  if (record_ && owner_ == getpid()) run_poststop(*record_);
}

Creation::~Creation() {
  if (has_pid_file_ && owner_ == getpid()) unlink(options_.pid_file.c_str());
}

// While the child makes its network namespace (the longest of its steps), we do what is to be done outside. The record comes
// before anything that somebody would have to clean up, such as a cgroup v2 directory in which the child is to be born.
void Creation::create() {
  std::vector<Fd> joined = open_joined(plan_.namespaces);
  refuse_unit_that_exists(plan_.cgroup);
  bool const is_born_in_cgroup = plan_.cgroup.born_in();
  if (is_born_in_cgroup) claim();
  clone(std::move(joined));
  identify_init();
  if (!is_born_in_cgroup) claim();
  try {
    make_outside();
    serve(channel_, signals_, is_executing_, "the container was made", [&](Heard& heard) { return is_done(heard); });
  } catch (Error& error) {
    throw with_realtime_hint(std::move(error), plan_.process, record_.all_cgroups);
  }
}

// Into a joined pid namespace we go for as long as the clone takes: so init is our own child there, too.
void Creation::clone(std::vector<Fd> joined) {
  auto [ours, theirs] = socket::seqpacket_pair();
  Fd const birthplace = cgroups_.make_birthplace();
  log::debug("cloning the container's init");
  kernel::ChildrenElsewhere elsewhere;
  for (std::size_t i = 0; i < joined.size(); ++i) {
    auto const& one = plan_.namespaces.joined[i];
    if (needs_stage(plan_) || (one.kind != CLONE_NEWPID && !plan_.user_namespace)) continue;  // the child's own to join
    Doing const doing{"linux.namespaces", one.index, one.path};
    elsewhere.enter(joined[i], one.kind);
  }
  // The processes of another pid namespace see the child from its first instruction on, and those of a user namespace
  // with the same ids could look into it: it is not theirs to.
  // Only an ordinary user could not write the maps of a new one then.
  auto const& user = plan_.user_namespace;
  bool const is_seen = user ? user->is_joined || !user->has_ordinary_maker : plan_.namespaces.joins(CLONE_NEWPID);
  if (is_seen) kernel::set_dumpable(false);
  // An executable that may not be read has made us undumpable, and its child could not be given its maps.
  if (user && !is_seen) kernel::set_dumpable(true);
  bool const has_stage = needs_stage(plan_);
  auto child = born([&] { return kernel::clone_into(has_stage ? 0 : plan_.namespaces.at_clone, birthplace); });
  if (!child && has_stage) launch::stage(plan_, theirs, std::move(joined));
  if (!child) launch::init(plan_, {theirs, std::move(joined)});
  if (is_seen) kernel::set_dumpable(true);
  elsewhere.end();
  init_ = std::move(*child);
  channel_ = std::move(ours);
}

void Creation::map_ids() {
  launch::map_ids(init_.pid(), *plan_.user_namespace);
  prepare_by_pid(plan_.user_namespace->uids, plan_.user_namespace->gids);
  if (!say(channel_, Word::ids_mapped)) report_death();
}

// What the kernel asks the host's privilege for is done for the child, by pid.
void Creation::prepare_by_pid(kernel::IdSpans const& uids, kernel::IdSpans const& gids) {
  for (auto const& limit : plan_.process.rlimits) kernel::raise_hard_limit(init_.pid(), limit);
  if (plan_.process.terminal.wanted) return;  // its streams are not ours
  auto const uid = kernel::id_outside(uids, plan_.process.user.uid);
  auto const gid = kernel::id_outside(gids, plan_.process.user.gid);
  if (uid && gid) kernel::own_stdio(*uid, *gid);
}

// The stage's child is our own: CLONE_PARENT.
void Creation::take_over(Fd pidfd, pid_t pid) {
  init_.reap();
  init_ = Child{pid, std::move(pidfd)};
  record_.init = container::identify(pid);
  auto const maps = kernel::id_maps_of(pid);
  prepare_by_pid(maps.uids, maps.gids);
  if (!say(channel_, Word::ids_mapped)) report_death();
  if (auto const inside = plan_.cgroup.owner_inside; inside && plan_.cgroup.payload.empty())
    if (auto const outside = kernel::id_outside(maps.uids, *inside)) cgroups_.give_to(*outside);
  if (!say(channel_, Word::cgroups_set)) report_death();
}

void Creation::enter_payload() {
  auto owner = plan_.cgroup.owner;
  if (auto const inside = plan_.cgroup.owner_inside) owner = kernel::id_outside(kernel::id_maps_of(init_.pid()).uids, *inside);
  cgroups_.enter_payload(init_.pid(), owner);
}

void Creation::claim() {
  auto const init = record_.init;  // if it is born already
  record_ = first_record(plan_, source_, options_.state_root);
  record_.init = init;
  if (rdt_) rdt_->record(record_);
  directory_ = container::ContainerDir::claim(options_.state_root, record_, source_.config);
  log::debug(concat({"recorded in ", directory_.directory().path}));
  if (plan_.has_notify_directory) make_notify_directory();
}

void Creation::make_notify_directory() {
  Doing const doing{"notify socket"};
  // Whoever made the container, its user has to get there.
  check(mkdirat(directory_.directory().fd, container::notify_directory, 0755), "mkdirat", {container::notify_directory});
  check(fchmodat(directory_.directory().fd, container::notify_directory, 0755, 0), "fchmodat", {container::notify_directory});
  if (!options_.waits_for_start) notifier_ = Notifier::try_make(directory_);
}

// By us, not by init: lowering it is for who has CAP_SYS_RESOURCE in the initial user namespace.
void Creation::set_oom_score() {
  Doing const doing{"process.oomScoreAdj"};
  if (auto const score = plan_.process.oom_score_adj) kernel::set_oom_score(init_.pid(), *score);
}

// systemd may take its time: an interruption ends that.
void Creation::make_cgroups() {
  try {
    cgroups_.make_rest(init_.pid(), signals_.interruption());
  } catch (Error const& error) {
    if (error.code() == EINTR) signals_.check_interruption("the container was made");
    throw;
  }
}

// Where there are cgroups to be made meanwhile, the child begins at once: some 8 % of the time that a container takes
// (contrib/bench), where it would wait for our processor.
void Creation::identify_init() {
  auto const found = process::try_identity(init_.pid());
  if (!needs_stage(plan_)) record_.init = {init_.pid(), found ? found->start_time : 0};
  if (!found) return;
  bool const makes_more = !plan_.cgroup.unit && plan_.cgroup.directories.size() > (plan_.cgroup.born_in() ? 1 : 0);
  if (makes_more && kernel::try_make_way(found->processor)) log::debug("went to another processor");
}

void Creation::make_outside() {
  bool const has_stage = needs_stage(plan_);
  Fd const gate = options_.waits_for_start ? container::make_gate(directory_) : Fd{};
  log::debug(concat({"init has pid ", init_.pid()}));
  make_cgroups();
  if (rdt_) rdt_->make(init_.pid());  // of a stage: its child is in them, too
  set_oom_score();
  if (!say(channel_, Word::cgroups_made, gate)) report_death();
  if (plan_.user_namespace && !has_stage) map_ids();
  cgroups_.set();
  // Behind a stage the rest is said when init is there: take_over.
  if (!has_stage && !say(channel_, Word::cgroups_set)) report_death();
  // Behind `create` nobody waits for the payload: now is as good a moment as any.
  if (options_.waits_for_start) spare_.reset();
  log::debug("cgroups made and set");
}

// One word of the child; true when there is nothing more to serve.
bool Creation::is_done(Heard& heard) {
  switch (heard.message.word) {
    case Word::open_mount:
    case Word::map_mount:
    case Word::open_source:
      if (!say(channel_, Word::done, answer_of_parent(plan_, heard))) report_death();
      return false;
    case Word::open_devices:
      if (!say(channel_, Word::done, try_make_nodes(plan_, init_.pid()))) report_death();
      return false;
    case Word::terminal:
      terminal_ = deliver_terminal(std::move(heard.fd), options_.console_socket);
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::run_hooks:
      run_hooks();
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::forked:
      take_over(std::move(heard.fd), heard.message.index);
      return false;
    case Word::enter_payload:
      enter_payload();
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::write_time_offsets:
      kernel::write_time_offsets(init_.pid(), plan_.namespaces.time_offsets);
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::move_netdevs:
      move_net_devices(plan_.net_devices, heard.fd);
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::set_priorities:
      take_on_priorities(plan_.process, init_.pid());
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::last_settings:
      cgroups_.set_last();
      if (!say(channel_, Word::done)) report_death();
      return false;
    case Word::ready:
      become_created();
      if (!say(channel_, Word::done)) report_death();
      return true;
    case Word::executing:
      become_created();
      is_executing_ = true;
      last_words_ = std::move(heard.fd);
      spare_.reset();  // not before: the child's own umount would have to wait for it
      return false;
    case Word::listener:
      deliver_listener(std::move(heard.fd), record_, "created", init_.pid());
      say(channel_, Word::done);
      return false;
    case Word::failed: throw error_of(heard.message).within(Doing::trail());
    case Word::end_of_file:
      if (is_executing_) {
        hear_last_words(last_words_);
        return true;
      }
      report_death();
    default: throw Error::refusal("init said a word that is not its own");
  }
}

// A hook may ask for the container, or kill it: what is recorded of it has to hold.
void Creation::run_hooks() {
  directory_.write_record(record_);
  aftermath_.expect(record_);
  auto const& hooks = *plan_.hooks;
  if (hooks.of.prestart.empty() && hooks.of.create_runtime.empty()) return;
  log::debug("running the prestart and createRuntime hooks");
  HookFiles const files = open_hook_files(hooks.output);
  HookSetting const setting{plan_.bundle, files, signals_.interruption()};
  auto const state = hook_state(hooks, "created", init_.pid());
  try {
    launch::run_hooks("hooks.prestart", hooks.of.prestart, state, setting);
    launch::run_hooks("hooks.createRuntime", hooks.of.create_runtime, state, setting);
  } catch (Error const&) {
    signals_.check_interruption("the container was made");  // has an exit status of its own
    throw;
  }
}

// Of a container that hooks have been told of, and that has begun to run: if one fails, it is taken away with all.
void Creation::run_poststart() { launch::run_poststart(record_, signals_.interruption()); }

// From here on the container is there for every other command.
void Creation::become_created() {
  // Who cannot see it now could not delete it either. (Before, it depends on how far init is.)
  if (geteuid() != 0) process::try_identity(init_.pid());
  log::debug("the container is created");
  record_.phase = container::Phase::created;
  directory_.write_record(record_);
  deliver_pidfd(init_.pidfd(), options_.pidfd_socket, "standard");
  if (!options_.pid_file.empty()) {
    Doing const doing{"pid file"};
    file::replace(options_.pid_file, std::to_string(init_.pid()), 0644);
    has_pid_file_ = true;
  }
}

// Called when the child does not hear or speak any more: its last words, if there are some, say why.
void Creation::report_death() {
  throw_failure_in(channel_);
  int const status = init_.reap();
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && cgroups_.has_killed())
    throw Error::refusal("the container's init was killed before it could execute the program: linux.resources.memory "
                         "leaves it too little memory to start with");
  throw_end("the container's init", status);
}

void Creation::commit() {
  cgroups_.commit();
  if (rdt_) rdt_->commit();
  directory_.commit();
  has_pid_file_ = false;
  aftermath_.forget();
}

}  // namespace orlop::launch
