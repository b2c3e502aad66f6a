// A path inside a hostile root is resolved once, into a descriptor. Symbolic links and ".." never leave the root;
// magic links (/proc/PID/fd/N) are refused. openat2(2), path_resolution(7). Errors: Error of the failing call.
#pragma once
#include "orlop/base/directory.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace orlop::path {

// What `flags` may hold: the flags of open(2); O_CLOEXEC is always added. O_PATH|O_NOFOLLOW gives a last symlink itself.
Fd open_in(Directory const& root, std::string_view path, int flags);
// An absent path (ENOENT, ENOTDIR) is an answer.
std::optional<Fd> try_open_in(Directory const& root, std::string_view path, int flags);

// Makes what is missing of the path, directories all (mode 0755), following symlinks inside the root; O_PATH.
Fd make_directories(Directory const& root, std::string_view path);
// The same with an empty regular file (mode 0644) at the end: the mount point of a file.
Fd make_file(Directory const& root, std::string_view path);
// The open directory that holds the last component (made if missing), and that component's name.
struct Place {
  Directory parent;
  std::string name;
};
Place make_parent(Directory const& root, std::string_view path);

// O_PATH; where a symbolic link stands anywhere in the path, even at its end, the answer is ELOOP.
Fd open_without_links(Directory const& root, std::string_view path);

// Host paths are trusted: plain open(2), with O_CLOEXEC and the path in the error.
Fd open_host(std::string const& path, int flags, mode_t mode = 0);

// Forces the walk in user space that kernels (before 5.6) and filters without openat2 need; for its tests.
void walk_only(bool value);

// "/a/./b//../c" → "/a/c": textually, for messages and for comparing trusted paths.
std::string cleaned(std::string_view path);
std::string joined(std::string_view directory, std::string_view name);

}  // namespace orlop::path
