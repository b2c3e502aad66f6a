#include "home.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace orlop::launch {

namespace {

constexpr std::size_t most = 1024 * 1024;

// Some images have a link there. Links of procfs, which lead to what processes have open, are none.
Fd followed(int flags) {
  try {
    Directory const root{path::open_host("/", O_PATH | O_DIRECTORY), "/"};
    return path::open_in(root, "/etc/passwd", flags);
  } catch (Error const&) {
    return {};
  }
}

std::string passwd() {
  constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd fd{open("/etc/passwd", flags)};
  if (!fd.is_open() && errno == ELOOP) fd = followed(flags & ~O_NOFOLLOW);
  struct stat status;
  if (!fd.is_open() || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return {};
  if (status.st_size > static_cast<off_t>(most)) return {};
  try {
    return file::read(fd, "/etc/passwd", most);
  } catch (Error const&) {  // unreadable, or growing under our eyes: as good as absent
    return {};
  }
}

}  // namespace

std::string home_of(uid_t uid) {
  std::string const text = passwd();
  for (auto const line : split(text, '\n')) {
    auto const fields = split(line, ':');
    if (fields.size() >= 6 && whole_number(fields[2]) == uid && !fields[5].empty() && fields[5].front() == '/')
      return std::string{fields[5]};
  }
  return "/";
}

}  // namespace orlop::launch
