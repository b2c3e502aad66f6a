#include "orlop/kernel/self_exe.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/path.hpp"
#include "self_exe_start.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace orlop::kernel {

namespace {

constexpr char self[] = "/proc/self/exe";
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Whatever ids an ordinary user can give a container, root of the host is not among them. It may not even be readable.
bool is_roots_alone() {
  struct stat status;
  return geteuid() != 0 && stat(self, &status) == 0 && status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

bool is_out_of_reach(int exe) {
  struct statvfs status;
  check(fstatvfs(exe, &status), "fstatvfs", {self});
  if (status.f_flag & ST_RDONLY) return true;
  int const seals = fcntl(exe, F_GET_SEALS);
  return seals >= 0 && (seals & all_seals) == all_seals;
}

// A closed Fd: no right to clone mounts here.
Fd try_read_only_clone() {
  Fd tree{static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, self, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))};
  if (!tree.is_open()) return {};
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (syscall(SYS_mount_setattr, static_cast<int>(tree), "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return {};
  return tree;
}

Fd sealed_copy(int exe) {
  unsigned const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int made = memfd_create("orlop", flags | 0x10U);  // MFD_EXEC, Linux 6.3: where the default would be not executable
  if (made < 0 && errno == EINVAL) made = memfd_create("orlop", flags);
  Fd copy{check(made, "memfd_create", {"orlop"})};
  struct stat status;
  check(fstat(exe, &status), "fstat", {self});
  for (off_t done = 0; done < status.st_size;) {
    ssize_t const sent = retry([&] { return sendfile(copy, exe, nullptr, static_cast<std::size_t>(status.st_size - done)); });
    if (check(sent, "sendfile", {self}) == 0) fail(EIO, "sendfile", {self});
    done += sent;
  }
  check(fcntl(copy, F_ADD_SEALS, all_seals), "fcntl", {Word{"F_ADD_SEALS"}});
  return copy;
}

[[noreturn]] void execute_again(int file, char* const* arguments) {
  syscall(SYS_execveat, file, "", arguments, environ, AT_EMPTY_PATH);
  fail("execveat", {self});
}

}  // namespace

int clone_of_start() noexcept { return start_of_self().clone; }

Fd protect_self_exe(char* const* arguments) {
  Doing const doing{"protecting orlop's own executable"};
  Start& start = start_of_self();
  Fd tree{std::exchange(start.clone, -1)};
  if (start.is_read_only) return tree;
  if (tree.is_open()) execute_again(tree, arguments);
  if (is_roots_alone()) return {};
  Fd const exe = path::open_host(self, O_RDONLY);
  if (is_out_of_reach(exe)) return {};
  tree = try_read_only_clone();
  if (!tree.is_open()) tree = sealed_copy(exe);
  execute_again(tree, arguments);
}

}  // namespace orlop::kernel
