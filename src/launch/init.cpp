// The container's init until it is the container's program. A table of where it is, who it is, what it may touch:
//
//   after                namespaces                      user            reach
//   clone3               new pid, mount, uts, ipc        as the caller   the host's files, through its own mount tree
//                        (a joined pid namespace: born in it, see Creation::clone)
//   enter_user           + (a user namespace is there    its owner       what that user may reach
//                        since the clone, new, or
//                        joined by our stage)
//   join                 + the joined ones               "               "
//   enter_network        + network, time                 "               "
//   enter_cgroup         + cgroup                        "               "
//   join (mount)         + a joined mount namespace      "               the files of that namespace
//   change_root          all                             "               the container's root; what is open: the channel,
//                                                                        the gate, 0 1 2
//   take_on              all                             the container's "
//   execute              all                             "               0 1 2
#include "orlop/launch/init.hpp"

#include "stage.hpp"
#include "sysctl.hpp"

#include "orlop/launch/channel.hpp"
#include "orlop/launch/hook.hpp"
#include "orlop/launch/payload.hpp"
#include "orlop/launch/rootfs.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/capability.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/netdev.hpp"
#include "orlop/kernel/time_namespace.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/kernel/uts.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace orlop::launch {

namespace {

class Init {
public:
  Init(plan::Plan const& plan, Inheritance inheritance)
      : plan_{plan},
        channel_{inheritance.channel},
        is_in_cgroups_{inheritance.is_in_cgroups},
        joined_{std::move(inheritance.joined)},
        gate_{std::move(inheritance.gate)},
        listener_{channel_} {}

  void run() {
    begin();
    // The control groups are the host's: a child that has left the host's ids behind could not enter them.
    bool const has_user = plan_.user_namespace.has_value();
    // The parent's answers come behind the words that it says without being asked, and cgroups_made is the first.
    bool const asks_early = has_user || !plan_.net_devices.empty();
    if (asks_early) enter_cgroup();
    if (has_user) enter_user();
    join(~std::uint64_t{CLONE_NEWPID | CLONE_NEWNS});
    enter_network();
    if (!plan_.net_devices.empty()) take_net_devices();
    set_names();
    set_sysctls(plan_.sysctls);
    // They are seen at the host's mounts, so in the host's mount namespace they are entered.
    bool const leaves_mounts = plan_.namespaces.joins(CLONE_NEWNS);
    if (leaves_mounts && !asks_early) enter_cgroup();
    join(CLONE_NEWNS);
    if (has_user) await_settings();
    SourceOpener const sources{has_user ? channel_ : -1};
    Directory root = bind_root(plan_.rootfs, sources);
    if (!leaves_mounts && !asks_early) enter_cgroup();
    if (asks_for_mounts(plan_)) await_settings();
    make_mounts(root, plan_, sources, channel_);
    // The device rules are denials first: a node that is made while they are written may be refused.
    await_settings();
    if (!plan_.cgroup.payload.empty()) ask(channel_, Word::enter_payload);  // whose cgroup namespace begins above it
    make_devices(root, plan_, channel_);
    kernel::new_session();
    if (plan_.process.terminal.wanted) use_terminal(root);
    if (plan_.hooks) run_create_hooks(*plan_.hooks);
    mask_paths(root, plan_);
    protect_paths(root, plan_.readonly_paths);
    make_working_directory(root, plan_.process.cwd);  // while the root can be written
    take_on_labels(plan_.process);  // while there is a /proc that is not the container's
    change_root(root, plan_.rootfs);
    if (plan_.process.has_priorities_from_outside()) ask(channel_, Word::set_priorities);
    take_on(plan_.process);
    if (plan_.process.args.empty()) keep_namespaces();
    Execution const program{plan_.process, find_executable(plan_.process)};
    kernel::close_on_exec_but(kept_descriptors(plan_.process));
    if (plan_.cgroup.has_last_settings()) ask(channel_, Word::last_settings);
    if (gate_.is_open()) wait_at_gate();
    if (plan_.hooks) run_start_hooks(*plan_.hooks);
    program.settle();
    execute(program);
  }

  // Whoever waits for us to go on: the parent, and behind the gate the start command.
  int const& listener() const { return listener_; }

private:
  void begin() {
    Doing::forget_outer();
    close_inherited();
    // Killed with the parent until the container is ready; behind that, the end of the channel tells.
    kernel::die_with_parent();
    // An ordinary user can write the maps only as long as we may be looked into: enter_user.
    bool const waits_for_maps = plan_.user_namespace && plan_.user_namespace->has_ordinary_maker && !is_in_cgroups_;
    // Said explicitly: one that may be executed and not read begins without it.
    kernel::set_dumpable(waits_for_maps);
    kernel::set_umask(0);
  }

  void enter_user() {
    Doing const doing{"user namespace"};
    expect(channel_, Word::ids_mapped);
    auto const& user = *plan_.user_namespace;
    kernel::become_owner(user.owner_uid, user.owner_gid, plan_.process.user.keep_groups);
    kernel::die_with_parent();  // which the change of user has ended
    kernel::set_dumpable(false);
  }

  void close_inherited() {
    std::vector<int> kept = kept_descriptors(plan_.process);
    kept.push_back(channel_);
    if (gate_.is_open()) kept.push_back(gate_);
    for (Fd const& fd : joined_) kept.push_back(fd);
    std::sort(kept.begin(), kept.end());
    kernel::close_all_but(kept);
  }

  // Those of the given kinds; with a new user namespace we are born into them. A namespace is left only once, so its
  // descriptor is closed.
  void join(std::uint64_t kinds) {
    for (std::size_t i = 0; i < joined_.size(); ++i) {
      auto const& wanted = plan_.namespaces.joined[i];
      if (!(wanted.kind & kinds) || plan_.user_namespace) continue;
      Doing const doing{"linux.namespaces", wanted.index, wanted.path};
      kernel::join_namespace(joined_[i], wanted.kind);
      joined_[i].reset();
    }
  }

  void enter_network() {
    Doing const doing{"namespaces"};
    if (plan_.namespaces.by_child) kernel::unshare_namespaces(plan_.namespaces.by_child);
    if (!plan_.namespaces.time_offsets.empty()) enter_time();
    if (plan_.namespaces.loopback_up) kernel::bring_up("lo");
  }

  // Before the sysctls, some of which are a device's.
  void take_net_devices() {
    await_settings();
    ask(channel_, Word::move_netdevs, kernel::open_rtnetlink());
  }

  void enter_time() {
    Doing const doing{"linux.timeOffsets"};
    // The file is not ours to open in a user namespace, where nobody may look into us: the parent writes it.
    // An ordinary parent has no more right than we have.
    bool const is_ordinary = plan_.user_namespace && plan_.user_namespace->has_ordinary_maker;
    if (plan_.user_namespace && !is_ordinary) {
      await_settings();
      ask(channel_, Word::write_time_offsets);
    } else {
      if (is_ordinary) kernel::set_dumpable(true);
      kernel::write_time_offsets(0, plan_.namespaces.time_offsets);
      if (is_ordinary) kernel::set_dumpable(false);
    }
    kernel::enter_new_time();
  }

  // The cgroup namespace's root is the cgroup that we are in at that moment: all of them have to be entered first.
  void enter_cgroup() {
    Doing const doing{"cgroup"};
    if (!is_in_cgroups_) {
      gate_ = expect(channel_, Word::cgroups_made);
      enter_v1_cgroups(plan_.cgroup);
    }
    if (plan_.namespaces.after_cgroup) kernel::unshare_namespaces(plan_.namespaces.after_cgroup);
  }

  // Before the parent is asked for anything, all that it says unasked is heard.
  void await_settings() {
    if (!std::exchange(are_settings_heard_, true)) expect(channel_, Word::cgroups_set);
  }

  void set_names() {
    if (plan_.hostname) kernel::set_hostname(*plan_.hostname);
    if (plan_.domainname) kernel::set_domainname(*plan_.domainname);
  }

  void use_terminal(Directory const& root) {
    kernel::Pty pty = make_terminal(root, plan_.process);
    ask(channel_, Word::terminal, pty.master);
    kernel::take_as_controlling_terminal(pty.slave);
    kernel::use_as_stdio(pty.slave);
  }

  // The host's files are still there, and the mounts of the container can still be changed: nothing is masked or
  // read-only yet. The files for the output of hooks are the host's, and opened while we can reach them.
  void run_create_hooks(plan::Hooks const& hooks) {
    ask(channel_, Word::run_hooks);
    if (hooks.of.create_container.empty() && hooks.of.start_container.empty()) return;
    hook_files_ = open_hook_files(hooks.output);
    run_hooks("hooks.createContainer", hooks.of.create_container, hook_state(hooks, "created", getpid()),
              {plan_.rootfs.path, hook_files_});
  }

  void run_start_hooks(plan::Hooks const& hooks) {
    run_hooks("hooks.startContainer", hooks.of.start_container, hook_state(hooks, "created", getpid()), {"", hook_files_, -1, &plan_.process.env});
  }

  // The parent's death is not ours any more once it has answered; until then, the end of the channel ends us.
  // A visitor who says nothing only wanted to know whether we are still here, or died: the next one, please.
  void wait_at_gate() {
    kernel::outlive_parent();
    ask(channel_, Word::ready);
    let_in();
  }

  // A container without a process never starts: it is there for others to join. As the first of a pid namespace it
  // inherits their orphans.
  [[noreturn]] void keep_namespaces() {
    signal(SIGCHLD, SIG_IGN);
    kernel::set_capabilities(plan_.process.capabilities);
    if (plan_.cgroup.has_last_settings()) ask(channel_, Word::last_settings);
    wait_at_gate();
    for (;; let_in()) {
      Fd const visitor{listener_};
      say_failure(visitor, Error::refusal("process is missing in config.json: there is nothing to start"));
    }
  }

  void let_in() {
    for (;;) {
      Fd visitor{check(retry([&] { return accept4(gate_, nullptr, nullptr, SOCK_CLOEXEC); }), "accept4")};
      if (hear(visitor).message.word != Word::go) continue;
      listener_ = visitor.release();
      return;
    }
  }

  [[noreturn]] void execute(Execution const& program) {
    kernel::outlive_parent();
    // A start command that died behind its word changes nothing; a run that died before we execute ends us.
    bool const is_heard = say(listener_, Word::executing, program.last_words());
    if (!is_heard && !gate_.is_open()) throw Error::refusal("the orlop command that makes this container is gone");
    program.execute(listener_);
  }

  plan::Plan const& plan_;
  int channel_;
  bool is_in_cgroups_;
  bool are_settings_heard_ = false;
  HookFiles hook_files_;
  std::vector<Fd> joined_;
  Fd gate_;  // listening; closed: go on without waiting (run)
  int listener_;
};

}  // namespace

void init(plan::Plan const& plan, Inheritance inheritance) noexcept {
  Init init{plan, std::move(inheritance)};
  run_as_child(init.listener(), [&] { init.run(); });
}

}  // namespace orlop::launch
