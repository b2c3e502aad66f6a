#include "orlop/base/file.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::file {

// By way of the stack: most files are short, and their texts are then no larger than they are.
std::string read(int fd, std::string const& path, std::size_t most) {
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    std::size_t const room = std::min(piece.size(), most + 1 - text.size());
    ssize_t const got = check(retry([&] { return ::read(fd, piece.data(), room); }), "read", {path});
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > most) fail(EFBIG, "read", {path});
  }
}

std::string read(std::string const& path, std::size_t most) { return read(path::open_host(path, O_RDONLY), path, most); }

void write(int fd, std::string const& path, std::string_view text) {
  while (!text.empty()) {
    ssize_t const put = check(retry([&] { return ::write(fd, text.data(), text.size()); }), "write", {path});
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void write_existing(std::string const& path, std::string_view text) {
  Fd const fd = path::open_host(path, O_WRONLY);
  if (retry([&] { return ::write(fd, text.data(), text.size()); }) < 0) fail("write", {path, text});
}

int try_write_existing(std::string const& path, std::string_view text) noexcept {
  Fd const fd{retry([&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); })};
  if (!fd.is_open()) return errno;
  return retry([&] { return ::write(fd, text.data(), text.size()); }) < 0 ? errno : 0;
}

mode_t kind_of(int fd, std::string const& path) {
  struct stat status;
  check(fstat(fd, &status), "fstat", {path});
  return status.st_mode & S_IFMT;
}

void replace(int directory, std::string const& directory_path, std::string const& name, std::string_view text,
             unsigned mode) {
  std::string const temporary = concat({".", name, ".", getpid()});
  std::string const shown = path::joined(directory_path, name);
  int const flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  try {
    Fd const fd{check(retry([&] { return openat(directory, temporary.c_str(), flags, mode); }), "open", {shown})};
    write(fd, shown, text);
    check(renameat(directory, temporary.c_str(), directory, name.c_str()), "rename", {shown});
  } catch (Error const&) {
    unlinkat(directory, temporary.c_str(), 0);
    throw;
  }
}

void replace(std::string const& path, std::string_view text, unsigned mode) {
  auto const slash = path.rfind('/');
  std::string const directory = slash == std::string::npos ? "." : path.substr(0, slash ? slash : 1);
  Fd const fd = path::open_host(directory, O_PATH | O_DIRECTORY);
  replace(fd, directory, path.substr(slash == std::string::npos ? 0 : slash + 1), text, mode);
}

}  // namespace orlop::file
