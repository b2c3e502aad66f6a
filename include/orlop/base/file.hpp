// Small files read and written whole, through descriptors. read(2), write(2), rename(2).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace orlop::file {

constexpr std::size_t small = 64 * 1024;

// All that is left of an open file; more than `most` bytes is the error EFBIG. `path` is for the message.
std::string read(int fd, std::string const& path, std::size_t most = small);
std::string read(std::string const& path, std::size_t most = small);

// All of the text, at once where the kernel takes it (cgroup and procfs files need one write).
void write(int fd, std::string const& path, std::string_view text);
// To an existing file: O_WRONLY, neither made nor truncated (cgroup and procfs files).
void write_existing(std::string const& path, std::string_view text);
// 0, or the errno of open or write: for files of which the caller expects that they may refuse.
int try_write_existing(std::string const& path, std::string_view text) noexcept;

// S_IFDIR, S_IFREG, ...: inode(7). `path` is for the message.
mode_t kind_of(int fd, std::string const& path);

// Readers see the old text or the new one, never a part: a temporary name in the same directory, then rename.
void replace(int directory, std::string const& directory_path, std::string const& name, std::string_view text,
             unsigned mode);
void replace(std::string const& path, std::string_view text, unsigned mode);

}  // namespace orlop::file
