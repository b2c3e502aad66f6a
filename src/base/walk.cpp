#include "walk.hpp"

#include "orlop/base/text.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace orlop::path {

namespace {

constexpr int most_links = 40;             // as the kernel: path_resolution(7)
constexpr long proc_super_magic = 0x9fa0;  // statfs(2)

mode_t kind_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

// A link in procfs may be a magic one, which leaves the root whatever its text says.
bool is_on_procfs(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == proc_super_magic;
}

}  // namespace

void Walk::push_front(std::string_view path) {
  auto const parts = split(path, '/');
  // "file/" and "file/." name a directory that is not there: the "." stays, so that the file is not the last component.
  if (path.ends_with('/') || path.ends_with("/.")) ahead_.emplace_back(".");
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    if (!part->empty() && *part != ".") ahead_.emplace_back(*part);
}

bool Walk::follow_link(Fd const& link) {
  if (++links_ > most_links) return errno = ELOOP, false;
  char target[PATH_MAX];
  ssize_t const length = readlinkat(link, "", target, sizeof target - 1);
  if (length < 0) return false;
  std::string_view const text{target, static_cast<std::size_t>(length)};
  // /proc/self and /proc/mounts are relative text. An absolute link in procfs is magic, or leads out as magic would;
  // so is "net:[4026531840]".
  bool const may_be_magic = text.starts_with('/') || text.find(':') != std::string_view::npos;
  if (may_be_magic && is_on_procfs(link)) return errno = ELOOP, false;
  if (!text.empty() && text.front() == '/') above_.clear();
  push_front(text);
  return true;
}

bool Walk::enter(Fd next) {
  above_.push_back(std::move(next));
  return true;
}

// One component. `make` says what to make of a missing one; a directory is made in the middle of a path, too.
bool Walk::step(std::string const& name, Make make, bool follow) {
  if (name == ".") return true;
  if (name == "..") {
    if (!above_.empty()) above_.pop_back();
    return true;
  }
  Fd next{openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!next.is_open() && errno == ENOENT && make != Make::nothing) {
    if (make == Make::file) {
      last_ = Fd{openat(here(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644)};
      if (last_.is_open()) last_ = Fd{openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
      return last_.is_open() && kind_of(last_) == S_IFREG;
    }
    if (mkdirat(here(), name.c_str(), 0755) < 0 && errno != EEXIST) return false;
    next = Fd{openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)};
    return next.is_open() && enter(std::move(next));
  }
  if (!next.is_open()) return false;
  mode_t const kind = kind_of(next);
  if (kind == S_IFLNK && follow) return follow_link(next);
  if (kind == S_IFDIR) return enter(std::move(next));
  if (!ahead_.empty()) return errno = ENOTDIR, false;
  last_ = std::move(next);
  return true;
}

bool Walk::run(std::string_view path, Make last, bool follow_last) {
  if (path.size() >= PATH_MAX) return errno = ENAMETOOLONG, false;
  push_front(path);
  while (!ahead_.empty()) {
    std::string const name = std::move(ahead_.back());
    ahead_.pop_back();
    bool const middle = !ahead_.empty();
    Make const make = middle && last != Make::nothing ? Make::directory : last;
    if (!step(name, make, middle || follow_last)) return false;
  }
  return true;
}

Fd Walk::open(std::string_view path, int flags) {
  if (!run(path, Make::nothing, !(flags & O_NOFOLLOW))) return {};
  if (last_.is_open()) {
    if (flags & O_DIRECTORY) return errno = ENOTDIR, Fd{};
    if (flags & O_PATH) return std::move(last_);
    if (kind_of(last_) == S_IFLNK) return errno = ELOOP, Fd{};
    // The host's procfs is trusted; the descriptor is re-opened through it, not the name. That path is a link itself.
    int const again = (flags & ~O_NOFOLLOW) | O_CLOEXEC;
    return Fd{::open(concat({"/proc/self/fd/", static_cast<int>(last_)}).c_str(), again)};
  }
  return Fd{openat(here(), ".", flags | O_CLOEXEC)};
}

Fd Walk::make(std::string_view path, Make last) {
  if (last == Make::file)
    while (path.ends_with('/')) path.remove_suffix(1);
  if (!run(path, last, true)) return {};
  if (last_.is_open()) {
    if (last == Make::directory) return errno = ENOTDIR, Fd{};
    return std::move(last_);
  }
  if (last == Make::file) return errno = EISDIR, Fd{};
  return Fd{openat(here(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

}  // namespace orlop::path
