// Namespaces made at birth or later, or joined: clone(2) (clone3), unshare(2), setns(2), ioctl_ns(2), namespaces(7).
// The caller is single-threaded; the child goes on in the caller's frame, with a copy of its memory.
#pragma once
#include "orlop/base/child.hpp"

#include <cstdint>
#include <optional>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

// Kernel 5.6, clone(2); older headers lack it.
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace orlop::kernel {

// In the child: nullopt. `cgroup` is a directory of a cgroup v2 tree in which the child is born, or -1.
// With CLONE_PARENT among them the child is our sibling, and a Child that we have to release.
// Errors: EPERM (no CAP_SYS_ADMIN), EUSERS/ENOSPC (a limit of /proc/sys/user), EBUSY (a v2 cgroup with controllers).
std::optional<Child> clone_into(std::uint64_t namespaces, int cgroup);

void unshare_namespaces(std::uint64_t namespaces);

// "net" of CLONE_NEWNET: the name of its file in /proc/PID/ns.
char const* namespace_file(std::uint64_t kind);
// The namespace behind a file (in /proc/PID/ns, or bound from there), whose kind is proven: another kind, or a file that
// is no namespace at all, is an Error. Opening waits for nothing, whatever the path is.
Fd open_namespace(std::string const& path, std::uint64_t kind);
// Not the pid namespace: that one is only for the children. A mount namespace sets "/" and the working directory anew.
void join_namespace(int fd, std::uint64_t kind);

// For as long as it lives, children are born into other namespaces than our own; pid_namespaces(7). We are in them
// ourselves meanwhile, but for the pid namespace. In such a child it is nothing.
class ChildrenElsewhere {
public:
  ChildrenElsewhere() = default;
  // EINVAL of a pid namespace: neither our own nor one below it.
  void enter(int fd, std::uint64_t kind);
  ~ChildrenElsewhere();
  ChildrenElsewhere(ChildrenElsewhere const&) = delete;
  ChildrenElsewhere& operator=(ChildrenElsewhere const&) = delete;
  void end();

private:
  struct Home {
    std::uint64_t kind;
    Fd fd;
  };
  std::vector<Home> homes_;
  pid_t owner_ = getpid();
};

}  // namespace orlop::kernel
