// After                namespaces                    user              reach
//   clone3               the caller's                  as the caller     the host's files
//   enter_v1_cgroups     "                             "                 "
//   join_all             the joined ones; of pid, its  as the caller,    the host's files, or those of a joined mount
//                        children                      root inside       namespace
#include "stage.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/channel.hpp"
#include "orlop/launch/init.hpp"
#include "orlop/launch/payload.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace orlop::launch {

namespace {

class Stage {
public:
  // The plan is our own copy: what is found out about the joined user namespace goes on to init in it.
  Stage(plan::Plan const& plan, int channel, std::vector<Fd> joined)
      : plan_{plan}, channel_{channel}, joined_{std::move(joined)} {}

  void run() {
    Doing::forget_outer();
    close_inherited();
    kernel::die_with_parent();
    kernel::set_dumpable(false);
    Fd gate = expect(channel_, Word::cgroups_made);
    enter_v1_cgroups(plan_.cgroup);
    join_all();
    kernel::die_with_parent();  // which the user namespace has ended
    kernel::set_dumpable(false);
    auto child = kernel::clone_into(plan_.namespaces.at_clone | CLONE_PARENT, -1);
    if (!child) launch::init(plan_, {channel_, {}, true, std::move(gate)});
    hand_over(std::move(*child), channel_);
  }

private:
  void close_inherited() {
    std::vector<int> kept = kept_descriptors(plan_.process);
    kept.push_back(channel_);
    for (Fd const& fd : joined_) kept.push_back(fd);
    std::sort(kept.begin(), kept.end());
    kernel::close_all_but(kept);
  }

  // Root has a right to all of them, and would lose it in the user namespace. Anybody else gets it there. The mount
  // namespace comes last: the host's files are left behind with it.
  void join_all() {
    Fd const procfs = path::open_host("/proc", O_PATH | O_DIRECTORY);
    bool const is_ordinary = plan_.user_namespace->has_ordinary_maker;
    if (is_ordinary) join(CLONE_NEWUSER);
    join(~std::uint64_t{CLONE_NEWUSER | CLONE_NEWNS});
    join(CLONE_NEWNS);
    if (!is_ordinary) join(CLONE_NEWUSER);
    learn(kernel::own_id_maps(procfs));
  }

  void join(std::uint64_t kinds) {
    for (std::size_t i = 0; i < joined_.size(); ++i) {
      auto const& wanted = plan_.namespaces.joined[i];
      if (!(wanted.kind & kinds)) continue;
      Doing const doing{"linux.namespaces", wanted.index, wanted.path};
      kernel::join_namespace(joined_[i], wanted.kind);
      joined_[i].reset();
    }
  }

  void learn(kernel::IdMaps const& found) {
    auto& user = *plan_.user_namespace;
    if (!user.uids.empty() && (user.uids != found.uids || user.gids != found.gids))
      throw Error::refusal("linux.uidMappings and linux.gidMappings are not the maps of the user namespace that is joined");
    user.owner_uid = kernel::owner_in(found.uids);
    user.owner_gid = kernel::owner_in(found.gids);
    user.denies_setgroups = found.denies_setgroups;
    auto& process = plan_.process.user;
    if (found.denies_setgroups && !process.groups.empty())
      throw Error::refusal("process.user.additionalGids: setgroups is denied in the user namespace that is joined");
    process.keep_groups = found.denies_setgroups;
  }

  plan::Plan plan_;
  int channel_;
  std::vector<Fd> joined_;
};

}  // namespace

bool needs_stage(plan::Plan const& plan) { return plan.user_namespace && plan.user_namespace->is_joined; }

void enter_v1_cgroups(plan::Cgroup const& cgroup) {
  for (auto const& directory : cgroup.directories)
    if (!directory.hierarchy.is_v2) kernel::enter_cgroup(directory);
}

void hand_over(Child child, int channel) {
  bool const is_heard = say(channel, Word::forked, child.pidfd(), child.pid());
  child.release();  // it dies with its parent, which is not us
  _exit(is_heard ? 0 : 1);
}

void stage(plan::Plan const& plan, int channel, std::vector<Fd> joined) noexcept {
  run_as_child(channel, [&] { Stage{plan, channel, std::move(joined)}.run(); });
}

}  // namespace orlop::launch
