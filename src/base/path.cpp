#include "orlop/base/path.hpp"

#include "orlop/base/error.hpp"
#include "walk.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace orlop::path {

namespace {

// Once openat2 is seen to be missing, it stays missing: the walk is used from then on.
bool without_openat2 = false;

long openat2_in(int root, std::string const& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a rename or mount raced with "..": the kernel asks to try again. Bounded, for an attacker can race forever.
  for (int attempt = 0; attempt < 128; ++attempt) {
    long const fd = retry([&] { return syscall(SYS_openat2, root, path.c_str(), &how, sizeof how); });
    if (fd >= 0 || errno != EAGAIN) return fd;
  }
  return -1;
}

// Filters answer a call that they do not know with ENOSYS or with EPERM.
bool may_be_missing(int code) { return code == ENOSYS || code == EPERM; }

std::string relative(std::string_view path) {
  auto const first = path.find_first_not_of('/');
  return first == std::string_view::npos ? std::string{"."} : std::string{path.substr(first)};
}

// -1 and errno when it fails.
int open_or_errno(Directory const& root, std::string_view path, int flags) {
  if (!without_openat2) {
    long const fd = openat2_in(root.fd, relative(path), flags);
    if (fd >= 0 || !may_be_missing(errno)) return static_cast<int>(fd);
    // Only with O_PATH is an EPERM surely a filter's; without, the walk meets the file's own EPERM again.
    without_openat2 = errno == ENOSYS || (flags & O_PATH);
  }
  return Walk{root.fd}.open(path, flags).release();
}

}  // namespace

void walk_only(bool value) { without_openat2 = value; }

Fd open_in(Directory const& root, std::string_view path, int flags) {
  return Fd{check(open_or_errno(root, path, flags), "openat2", {root.path, path})};
}

std::optional<Fd> try_open_in(Directory const& root, std::string_view path, int flags) {
  int const fd = open_or_errno(root, path, flags);
  if (fd >= 0) return Fd{fd};
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  fail("openat2", {root.path, path});
}

// A directory in one that is there. A closed Fd: that is not so, and the walk has to look.
Fd make_last(Directory const& root, std::string_view path) {
  auto const slash = path.rfind('/');
  std::string const name{path.substr(slash + 1)};  // npos + 1 is 0
  if (name.empty() || name == "." || name == "..") return {};
  std::string_view const above = slash == std::string_view::npos || slash == 0 ? "/" : path.substr(0, slash);
  auto const parent = try_open_in(root, above, O_PATH | O_DIRECTORY);
  if (!parent || mkdirat(*parent, name.c_str(), 0755) < 0) return {};
  return Fd{openat(*parent, name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)};
}

Fd make_directories(Directory const& root, std::string_view path) {
  if (auto found = try_open_in(root, path, O_PATH | O_DIRECTORY)) return std::move(*found);
  if (Fd made = make_last(root, path); made.is_open()) return made;
  Fd made = Walk{root.fd}.make(path, Walk::Make::directory);
  check(static_cast<int>(made), "mkdirat", {root.path, path});
  return made;
}

Fd make_file(Directory const& root, std::string_view path) {
  if (auto found = try_open_in(root, path, O_PATH)) return std::move(*found);
  Fd made = Walk{root.fd}.make(path, Walk::Make::file);
  check(static_cast<int>(made), "openat", {root.path, path, Word{"O_CREAT"}});
  return made;
}

Place make_parent(Directory const& root, std::string_view path) {
  std::string const clean = cleaned(path);
  auto const slash = clean.rfind('/');
  std::string const parent = clean.substr(0, slash == 0 ? 1 : slash);
  return {{make_directories(root, parent), joined(root.path, parent)}, clean.substr(slash + 1)};
}

Fd open_without_links(Directory const& root, std::string_view path) {
  constexpr int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  Fd here{check(openat(root.fd, ".", flags), "openat", {root.path})};
  std::string const clean = cleaned(path);
  for (auto const part : split(clean, '/')) {
    if (part.empty()) continue;
    here = Fd{check(openat(here, std::string{part}.c_str(), flags), "openat", {root.path, path})};
    struct stat status;
    check(fstat(here, &status), "fstat", {path});
    if (S_ISLNK(status.st_mode)) fail(ELOOP, "openat", {root.path, path});
  }
  return here;
}

Fd open_host(std::string const& path, int flags, mode_t mode) {
  return Fd{check(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }), "open", {path})};
}

std::string cleaned(std::string_view path) {
  std::string clean;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      auto const slash = clean.rfind('/');
      clean.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    clean += '/';
    clean += part;
  }
  return clean.empty() ? "/" : clean;
}

std::string joined(std::string_view directory, std::string_view name) {
  while (!name.empty() && name.front() == '/') name.remove_prefix(1);
  while (directory.size() > 1 && directory.back() == '/') directory.remove_suffix(1);
  if (name.empty()) return std::string{directory};
  return directory == "/" ? concat({"/", name}) : concat({directory, "/", name});
}

}  // namespace orlop::path
