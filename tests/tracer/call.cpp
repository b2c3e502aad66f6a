#include "call.hpp"

#include <cstdlib>
#include <seccomp.h>
#include <sys/syscall.h>

namespace tracer {

namespace {

constexpr PathCall calls[] = {
    {SYS_openat, 0, 1, true},       {SYS_openat2, 0, 1, true},     {SYS_open_tree, 0, 1, true},
    {SYS_fspick, 0, 1, true},       {SYS_move_mount, 2, 3, false}, {SYS_mount_setattr, 0, 1, false},
    {SYS_mkdirat, 0, 1, false},     {SYS_mknodat, 0, 1, false},    {SYS_symlinkat, 1, 2, false},
    {SYS_linkat, 2, 3, false},      {SYS_unlinkat, 0, 1, false},   {SYS_renameat2, 2, 3, false},
    {SYS_fchownat, 0, 1, false},    {SYS_fchmodat, 0, 1, false},   {SYS_utimensat, 0, 1, false},
    {SYS_newfstatat, 0, 1, false},  {SYS_statx, 0, 1, false},      {SYS_readlinkat, 0, 1, false},
    {SYS_faccessat, 0, 1, false},   {SYS_faccessat2, 0, 1, false}, {SYS_mount, -1, 1, false},
    {SYS_umount2, -1, 0, false},    {SYS_chdir, -1, 0, false},     {SYS_chroot, -1, 0, false},
    {SYS_pivot_root, -1, 0, false}, {SYS_execve, -1, 0, false},    {SYS_execveat, 0, 1, false},
    {SYS_statfs, -1, 0, false},     {SYS_setxattr, -1, 0, false},  {SYS_lsetxattr, -1, 0, false},
    {SYS_truncate, -1, 0, false},
#ifdef __x86_64__
    {SYS_open, -1, 0, true},        {SYS_creat, -1, 0, true},      {SYS_mkdir, -1, 0, false},
    {SYS_mknod, -1, 0, false},      {SYS_symlink, -1, 1, false},   {SYS_link, -1, 1, false},
    {SYS_unlink, -1, 0, false},     {SYS_rmdir, -1, 0, false},     {SYS_rename, -1, 1, false},
    {SYS_chown, -1, 0, false},      {SYS_lchown, -1, 0, false},    {SYS_chmod, -1, 0, false},
    {SYS_stat, -1, 0, false},       {SYS_lstat, -1, 0, false},     {SYS_readlink, -1, 0, false},
    {SYS_access, -1, 0, false},
#endif
};

}  // namespace

PathCall const* path_call(long number) {
  for (auto const& call : calls)
    if (call.number == number) return &call;
  return nullptr;
}

std::string name_of(long number) {
  char* const name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number));
  std::string const text = name ? name : std::to_string(number);
  std::free(name);
  return text;
}

}  // namespace tracer
