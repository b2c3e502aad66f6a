// The cgroups of a container, one in each hierarchy: made together, removed together.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/base/bus.hpp"
#include "orlop/container/record.hpp"
#include "orlop/plan/plan.hpp"

#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace orlop::launch {

// Removes what it made when it goes out of scope, unless committed.
class CgroupSet {
public:
  explicit CgroupSet(plan::Cgroup const& cgroup) : cgroup_{cgroup} {}
  CgroupSet(CgroupSet const&) = delete;
  CgroupSet& operator=(CgroupSet const&) = delete;
  ~CgroupSet();

  // Before the clone: the v2 directory, in which the process is born. Its descriptor, or none.
  Fd make_birthplace();
  // Beside the child: all others (a v2 directory that is entered late: with the process in it); then every setting. A unit
  // of systemd is made with the process in it; the wait for it ends when `interruption` can be read.
  void make_rest(pid_t process, int interruption);
  void set();
  // What we have made, by the host's id.
  void give_to(uid_t owner);
  // The payload's cgroup is made, the process put into it, and it is given away: by the host's id, or to nobody.
  void enter_payload(pid_t process, std::optional<uid_t> owner);
  // The memory limits that init could hit before it executes the program.
  void set_last();
  // The kernel killed a process inside because a limit of memory was reached.
  bool has_killed() const;
  void commit() {
    owner_ = 0;
    systemd_.reset();
  }

private:
  bool make(kernel::CgroupDirectory const& directory);
  void make_tree(kernel::CgroupDirectory const& tree);
  void make_unit(pid_t process, int interruption);
  void check_place(pid_t process) const;
  void take_over_tree(pid_t process);
  plan::Cgroup const& cgroup_;
  std::vector<std::string> made_;
  std::optional<bus::Connection> systemd_;
  bool unit_is_ours_ = false;
  pid_t owner_ = getpid();
};

// The ones that are not there yet: what is about to be made, for the record of a container. A cgroup that was there
// before belongs to somebody else, and so does what runs in it.
std::vector<std::string> missing_cgroups(plan::Cgroup const& cgroup);

// Kills what is left inside and removes all of them, with their systemd unit. Waits for dying processes; what stays in
// use is an Error that names the cgroup and the processes in it.
void remove_cgroups(container::Record const& record);

}  // namespace orlop::launch
