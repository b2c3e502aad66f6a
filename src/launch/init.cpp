// The container's init until it is the container's program. A table of where it is, who it is, what it may touch:
//
//   after                namespaces                      user            reach
//   clone3               new pid, mount, uts, ipc        as the caller   the host's files, through its own mount tree
//   enter_network        + network                       "               "
//   enter_cgroup         + cgroup                        "               "
//   change_root          all                             "               the container's root; what is open: the channel,
//                                                                        the gate, 0 1 2
//   take_on              all                             the container's "
//   execute              all                             "               0 1 2
#include "orlop/launch/init.hpp"

#include "orlop/launch/channel.hpp"
#include "orlop/launch/payload.hpp"
#include "orlop/launch/rootfs.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/netdev.hpp"
#include "orlop/kernel/uts.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

class Init {
public:
  Init(plan::Plan const& plan, int channel) : plan_{plan}, channel_{channel}, listener_{channel} {}

  void run() {
    begin();
    enter_network();
    set_names();
    Directory const root = bind_root(plan_.rootfs);
    enter_cgroup();
    make_mounts(root, plan_);
    // The device rules are denials first: a node that is made while they are written may be refused.
    expect(channel_, Word::cgroups_set);
    make_devices(root, plan_);
    kernel::new_session();
    if (plan_.process.terminal.wanted) use_terminal(root);
    mask_paths(root, plan_.masked_paths);
    protect_paths(root, plan_.readonly_paths);
    change_root(root, plan_.rootfs);
    take_on(plan_.process);
    Execution const program{plan_.process, find_executable(plan_.process)};
    kernel::close_on_exec_from(3);
    if (plan_.cgroup.has_last_settings()) ask(channel_, Word::last_settings);
    if (gate_.is_open()) wait_at_gate();
    program.settle();
    execute(program);
  }

  // Whoever waits for us to go on: the parent, and behind the gate the start command.
  int listener() const { return listener_; }

private:
  void begin() {
    Doing::forget_outer();
    kernel::close_all_but({channel_});
    // Killed with the parent until the container is ready; behind that, the end of the channel tells.
    kernel::die_with_parent();
    kernel::set_dumpable(false);
    kernel::set_umask(0);
  }

  void enter_network() {
    Doing const doing{"namespaces"};
    if (plan_.namespaces.by_child) kernel::unshare_namespaces(plan_.namespaces.by_child);
    if (plan_.namespaces.loopback_up) kernel::bring_up("lo");
  }

  // The cgroup namespace's root is the cgroup that we are in at that moment: all of them have to be entered first.
  void enter_cgroup() {
    Doing const doing{"cgroup"};
    gate_ = expect(channel_, Word::cgroups_made);
    for (auto const& directory : plan_.cgroup.directories)
      if (!directory.hierarchy.is_v2) kernel::enter_cgroup(directory);
    if (plan_.namespaces.after_cgroup) kernel::unshare_namespaces(plan_.namespaces.after_cgroup);
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

  // The parent's death is not ours any more once it has answered; until then, the end of the channel ends us.
  // A visitor who says nothing only wanted to know whether we are still here, or died: the next one, please.
  void wait_at_gate() {
    kernel::outlive_parent();
    ask(channel_, Word::ready);
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
    bool const is_heard = say(listener_, Word::executing);
    if (!is_heard && !gate_.is_open()) throw Error::refusal("the orlop command that makes this container is gone");
    program.execute();
    throw program.failure(errno);
  }

  plan::Plan const& plan_;
  int channel_;
  Fd gate_;  // listening; closed: go on without waiting (run)
  int listener_;
};

}  // namespace

void init(plan::Plan const& plan, int channel) noexcept {
  Init init{plan, channel};
  try {
    init.run();
  } catch (Error const& error) {
    say_failure(init.listener(), error);
  } catch (std::exception const& error) {
    say_failure(init.listener(), Error{0, error.what()});
  }
  _exit(1);
}

}  // namespace orlop::launch
