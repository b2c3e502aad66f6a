// A process of `exec` until it is its program. Somebody in the container may watch it from its first instruction on: it
// is not dumpable (the parent saw to that before the clone), so neither its memory nor its descriptors can be looked at.
//
//   after                namespaces                     user            reach
//   clone3               init's pid namespace           as the caller   the host's files
//   enter_cgroups        "                              "               "; in the container's cgroups
//   join_namespaces      all of init's                  root in them    the container's root; what is open: the channel, 0 1 2
//   take_on              "                              the process's   "
//   execute              "                              "               0 1 2
#include "orlop/launch/enter.hpp"

#include "stage.hpp"

#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/cgroup.hpp"
#include "orlop/kernel/join.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/oom_score.hpp"
#include "orlop/kernel/pivot.hpp"
#include "orlop/kernel/processor.hpp"
#include "orlop/kernel/rdt.hpp"
#include "orlop/kernel/rlimit.hpp"
#include "orlop/kernel/terminal.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/base/path.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/payload.hpp"
#include "orlop/launch/rootfs.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace orlop::launch {

namespace {

class Entry {
public:
  Entry(plan::Plan const& plan, Entrance& entrance, int channel) : plan_{plan}, entrance_{entrance}, channel_{channel} {}

  void run() {
    Doing::forget_outer();
    kernel::die_with_parent();
    kernel::set_umask(0);
    if (entrance_.waits_for_cgroup) expect(channel_, Word::cgroups_made);
    enter_cgroups();
    set_oom_score();  // while /proc is the host's
    if (entrance_.namespaces & CLONE_NEWUSER)
      for (auto const& limit : plan_.process.rlimits) kernel::raise_hard_limit(0, limit);
    if (plan_.process.priorities_from_outside) take_on_priorities(plan_.process, 0);
    std::vector<int> kept = kept_descriptors(plan_.process);
    // Among numbers that the caller has left out there may be ours.
    kept.insert(kept.end(), {channel_, entrance_.init});
    std::sort(kept.begin(), kept.end());
    kernel::close_all_but(kept);
    // Who has no mount namespace of its own has a root in the host's.
    if (!plan_.rootfs.has_own_mounts()) root_ = {path::open_host(plan_.rootfs.path, O_PATH | O_DIRECTORY), plan_.rootfs.path};
    if (entrance_.has_stage) be_stage();
    take_on_labels(plan_.process);  // behind the last fork, and while /proc is the host's
    join_namespaces();
    kernel::new_session();
    if (plan_.process.terminal.wanted) use_terminal();
    take_on(plan_.process);
    Execution const program{plan_.process, find_executable(plan_.process)};
    kernel::close_on_exec_but(kept_descriptors(plan_.process));
    program.settle();
    execute(program);
  }

private:
  void enter_cgroups() {
    Doing const doing{"cgroup"};
    for (auto& tasks : entrance_.cgroups_v1) {
      kernel::enter_tasks(tasks);
      tasks.reset();
    }
    auto const& exec = *plan_.exec;
    for (auto const& directory : exec.rdt_groups) kernel::enter_rdt_group(directory, 0);
    if (!exec.final_processors.empty() || !exec.initial_processors.empty()) kernel::run_on(exec.final_processors);
  }

  void set_oom_score() {
    Doing const doing{"process.oomScoreAdj"};
    auto const score = plan_.process.oom_score_adj;
    if (!score) return;
    // Our own file is root's while we may not be looked into; a stage is nobody's in the container to look into yet.
    if (entrance_.has_stage) kernel::set_dumpable(true);
    kernel::set_oom_score(0, *score);
    if (entrance_.has_stage) kernel::set_dumpable(false);
  }

  // What the kernel checks against the host's user namespace is over from here on.
  void join_namespaces() {
    Doing const doing{"namespaces"};
    if (entrance_.namespaces) kernel::join_process(entrance_.init, entrance_.namespaces);
    if (entrance_.namespaces & CLONE_NEWUSER) {
      // The host's root is nobody there.
      kernel::become_owner(entrance_.owner_uid, entrance_.owner_gid, plan_.process.user.keep_groups);
      kernel::set_dumpable(false);
      kernel::die_with_parent();  // which the change of user has ended
    }
    if (root_.fd.is_open()) kernel::chroot_into(root_);
    close(entrance_.init);
  }

  // Comes back in the process that is executed: born in init's pid namespace, in its user namespace already.
  void be_stage() {
    Doing const doing{"namespaces"};
    kernel::join_process(entrance_.init, CLONE_NEWUSER);
    kernel::set_dumpable(false);
    kernel::die_with_parent();
    entrance_.namespaces &= ~std::uint64_t{CLONE_NEWUSER};
    if (entrance_.namespaces & CLONE_NEWPID) kernel::join_process(entrance_.init, CLONE_NEWPID);
    entrance_.namespaces &= ~std::uint64_t{CLONE_NEWPID};
    auto child = kernel::clone_into(CLONE_PARENT, -1);
    if (child) hand_over(std::move(*child), channel_);
    kernel::die_with_parent();
    kernel::become_owner(entrance_.owner_uid, entrance_.owner_gid, plan_.process.user.keep_groups);
    kernel::set_dumpable(false);
    kernel::die_with_parent();
  }

  void use_terminal() {
    Directory const root{path::open_host("/", O_PATH | O_DIRECTORY), "/"};
    kernel::Pty pty = make_terminal(root, plan_.process);
    ask(channel_, Word::terminal, pty.master);
    kernel::take_as_controlling_terminal(pty.slave);
    kernel::use_as_stdio(pty.slave);
  }

  [[noreturn]] void execute(Execution const& program) {
    kernel::outlive_parent();
    if (!say(channel_, Word::executing, program.last_words())) throw Error::refusal("the orlop command that executes this is gone");
    program.execute(channel_);
  }

  plan::Plan const& plan_;
  Entrance& entrance_;
  int channel_;
  Directory root_;
};

}  // namespace

void enter(plan::Plan const& plan, Entrance& entrance, int channel) noexcept {
  run_as_child(channel, [&] { Entry{plan, entrance, channel}.run(); });
}

}  // namespace orlop::launch
