#include "orlop/launch/mounts.hpp"

#include "make_mount.hpp"

#include "finish_mount.hpp"
#include "mount_source.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/base/socket.hpp"
#include "orlop/container/status.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/join.hpp"
#include "orlop/kernel/label.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/join.hpp"
#include "orlop/launch/parley.hpp"
#include "orlop/launch/status.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace orlop::launch {

namespace {

using container::Status;

bool needs_pid_namespace(plan::Plan const& plan) {
  return std::any_of(plan.mounts.begin(), plan.mounts.end(), [](auto const& mount) { return mount.type == "proc"; });
}

// What the parent found out before the clone.
struct Way {
  int init;                  // pidfd
  std::uint64_t namespaces;  // CLONE_NEW*: those of init that are not ours
  uid_t owner_uid = 0;       // of its user namespace, if that is not ours
  gid_t owner_gid = 0;
};

class Mounter {
public:
  Mounter(plan::Plan const& plan, Way const& way, int channel) : plan_{plan}, way_{way}, channel_{channel} {}

  void add() {
    begin();
    enter_outside();
    std::vector<Fd> trees = open_all();
    Directory const root = enter_inside();
    try {
      for (std::size_t i = 0; i < trees.size(); ++i) put(root, plan_.mounts[i], trees[i]);
    } catch (...) {
      take_off();
      throw;
    }
  }

  void remove() {
    begin();
    Directory const root = enter_inside();
    auto const own = kernel::try_mount_at(root.fd);
    std::vector<std::uint64_t> seen;
    for (auto const& mount : plan_.mounts) {
      Doing const doing{"mounts", mount.index, mount.destination};
      Fd place = found(root, mount.destination);
      auto const there = kernel::try_mount_at(place);
      if (!there || there == own) throw Error::refusal("nothing is mounted there");
      if (std::find(seen.begin(), seen.end(), *there) != seen.end()) throw Error::refusal("is named twice");
      seen.push_back(*there);
      mounted_.push_back({&mount, std::move(place)});
    }
    // What lies deeper has the longer path, for no link is in it.
    std::stable_sort(mounted_.begin(), mounted_.end(), [](auto const& one, auto const& other) {
      return one.mount->destination.size() < other.mount->destination.size();
    });
    while (!mounted_.empty()) take_off_last();
  }

private:
  struct Mounted {
    plan::Mount const* mount;
    Fd tree;
  };

  void begin() {
    Doing::forget_outer();
    kernel::die_with_parent();
    kernel::set_umask(0);
    kernel::close_all_but(std::vector<int>{std::min(channel_, way_.init), std::max(channel_, way_.init)});
    descriptors_ = path::open_host("/proc/self/fd", O_PATH | O_DIRECTORY);
  }

  void join(std::uint64_t kinds) {
    kinds &= way_.namespaces & ~joined_;
    if (!kinds) return;
    Doing const doing{"namespaces"};
    kernel::join_process(way_.init, kinds);
    joined_ |= kinds;
    if (!(kinds & CLONE_NEWUSER)) return;
    kernel::become_owner(way_.owner_uid, way_.owner_gid, plan_.process.user.keep_groups);
    kernel::set_dumpable(false);
    kernel::die_with_parent();  // which the change of user has ended
  }

  void enter_outside() {
    join(~std::uint64_t{CLONE_NEWNS});
    kernel::unshare_namespaces(CLONE_NEWNS);
    kernel::set_propagation("/", plan_.rootfs.first_propagation, true);
  }

  Directory enter_inside() {
    join(CLONE_NEWUSER | CLONE_NEWNS);
    return {path::open_host("/", O_PATH | O_DIRECTORY), "/"};
  }

  std::vector<Fd> open_all() const {
    SourceOpener const sources{plan_.user_namespace ? channel_ : -1};
    Opener const opener{plan_, sources, channel_};
    Fd const scratch = path::open_host("/", O_PATH | O_DIRECTORY);
    std::vector<Fd> trees;
    for (std::size_t i = 0; i < plan_.mounts.size(); ++i) {
      auto const& mount = plan_.mounts[i];
      auto const place = static_cast<std::int32_t>(i);
      Doing const doing{"mounts", mount.index, mount.destination};
      if (mount.kind == plan::MountKind::bind)
        trees.push_back(open_bind(opener, mount, place));
      else
        trees.push_back(mount.copy_up || mount.takes_mode ? Fd{} : open_filesystem(opener, mount, place, scratch));
    }
    return trees;
  }

  void put(Directory const& root, plan::Mount const& mount, Fd& tree) {
    Doing const doing{"mounts", mount.index, mount.destination};
    auto const mode = mode_below(root, mount);
    Fd const target = target_of(root, mount, tree);
    if (mount.copy_up || mode)
      tree = open_over(mount, mode, target);
    else if (mount.takes_mode)
      tree = open_filesystem(mount, target);
    kernel::attach(tree, target, mount.destination);
    mounted_.push_back({&mount, std::move(tree)});
    if (!mount.label.empty()) kernel::set_selinux_file_label(mounted_.back().tree, mount.label);
    finish_mount(mounted_.back().tree, mount);
  }

  Fd found(Directory const& root, std::string const& destination) const {
    try {
      return path::open_without_links(root, destination);
    } catch (Error& error) {
      if (error.code() != ELOOP) throw;
      throw std::move(error).with_hint("a symbolic link is in the way, and the container could have put it there: name the "
                                       "place that it leads to");
    }
  }

  void take_off_last() {
    Mounted const last = std::move(mounted_.back());
    mounted_.pop_back();
    Doing const doing{"mounts", last.mount->index, last.mount->destination};
    kernel::detach(last.tree, descriptors_, last.mount->destination);
  }

  // Behind a failure, which is what gets reported. A container that has taken it off itself has done our work.
  void take_off() noexcept {
    while (!mounted_.empty()) {
      try {
        take_off_last();
      } catch (std::exception const&) {
      }
    }
  }

  plan::Plan const& plan_;
  Way const& way_;
  int channel_;
  std::uint64_t joined_ = 0;
  Fd descriptors_;
  std::vector<Mounted> mounted_;
};

using Work = void (Mounter::*)();

[[noreturn]] void be_mounter(plan::Plan const& plan, Way const& way, int channel, Work work) noexcept {
  try {
    (Mounter{plan, way, channel}.*work)();
    _exit(say(channel, Word::done) ? 0 : 1);
  } catch (Error const& error) {
    say_failure(channel, error);
  } catch (std::exception const& error) {
    say_failure(channel, Error{0, error.what()});
  }
  _exit(1);
}

// Until it is done. A signal to us waits until then: half of it would be neither all nor nothing.
void serve_mounter(plan::Plan const& plan, int channel) {
  for (;;) {
    Heard heard = hear(channel);
    switch (heard.message.word) {
      case Word::done: return;
      case Word::failed: throw error_of(heard.message).within(Doing::trail());
      case Word::open_mount:
      case Word::map_mount:
      case Word::open_source:
        if (say(channel, Word::done, answer_of_parent(plan, heard))) break;
        [[fallthrough]];
      default:
        throw_failure_in(channel);
        throw Error::refusal("the process that changes the mounts has died on its way: some may be changed, some not");
    }
  }
}

void run_mounter(plan::Plan const& plan, container::Record const& record, Fd init, Work work) {
  auto [ours, theirs] = socket::seqpacket_pair();
  Way way{.init = init, .namespaces = namespaces_to_join(record.init.pid)};
  if (way.namespaces & CLONE_NEWUSER) {
    auto const maps = kernel::id_maps_of(record.init.pid);
    way.owner_uid = kernel::owner_in(maps.uids);
    way.owner_gid = kernel::owner_in(maps.gids);
  }
  // What is in the container may see it, and must not look into it.
  kernel::set_dumpable(false);
  if (way.namespaces & CLONE_NEWPID && needs_pid_namespace(plan)) kernel::join_process(init, CLONE_NEWPID);
  way.namespaces &= ~std::uint64_t{CLONE_NEWPID};
  auto child = kernel::clone_into(0, -1);
  if (!child) be_mounter(plan, way, theirs, work);
  theirs.reset();
  serve_mounter(plan, ours);
  child->reap();
}

}  // namespace

Fd hold_init_for_mounts(container::ContainerDir const& container, container::Record const& record) {
  auto held = container::try_hold(record.init, record.boot_id);
  Status const status = launch::status_of(container, record);
  if (!held || status == Status::stopped || status == Status::creating)
    throw Error::refusal(concat({"cannot change the mounts of a container that is not running: ",
                                 container::word(held ? status : Status::stopped)}));
  return std::move(*held);
}

void add_mounts(plan::Plan const& plan, container::Record const& record, Fd init) {
  run_mounter(plan, record, std::move(init), &Mounter::add);
}

void remove_mounts(plan::Plan const& plan, container::Record const& record, Fd init) {
  run_mounter(plan, record, std::move(init), &Mounter::remove);
}

}  // namespace orlop::launch
