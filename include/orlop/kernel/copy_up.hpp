// A copy of a directory tree with all that chmod(2), chown(2), setxattr(2), utimensat(2) know of it.
// The tree is hostile: nothing is followed, only regular files, directories and symlinks are copied (devices, FIFOs and
// sockets are not), depth and number are bounded; the bytes are bounded by the file system that takes them.
#pragma once
#include <string>

namespace orlop::kernel {

constexpr unsigned most_copied_files = 1 << 17;
constexpr unsigned most_copied_depth = 128;

// Both are directories (O_PATH is fine); what is in `from` is then in `to`, and `to` has the attributes of `from`.
void copy_tree(int from, int to, std::string const& shown);

}  // namespace orlop::kernel
