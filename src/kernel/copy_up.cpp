#include "orlop/kernel/copy_up.hpp"

#include "orlop/base/directory.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace orlop::kernel {

namespace {

class Copy {
public:
  void tree(Directory const& from, Directory const& to, unsigned depth) {
    if (depth > most_copied_depth)
      throw Error::refusal(concat({from.path, " is more than ", most_copied_depth, " directories deep"}));
    Fd list{check(openat(from.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat", {from.path})};
    std::unique_ptr<DIR, int (*)(DIR*)> const open{fdopendir(list), closedir};
    if (!open) fail("fdopendir", {from.path});
    list.release();  // closedir closes it
    for (;;) {
      errno = 0;
      dirent const* const entry = readdir(open.get());
      if (!entry && errno) fail("readdir", {from.path});
      if (!entry) return;
      std::string const name = entry->d_name;
      if (name != "." && name != "..") one(from, to, name, depth);
    }
  }

  // Owner before mode and capabilities, which a change of owner takes away; times last.
  void attributes(int from, int to, struct stat const& status, std::string const& path) {
    check(fchown(to, status.st_uid, status.st_gid), "fchown", {path});
    check(fchmod(to, status.st_mode & 07777), "fchmod", {path});
    xattrs(from, to, path);
    struct timespec const times[] = {status.st_atim, status.st_mtim};
    check(futimens(to, times), "futimens", {path});
  }

private:
  void one(Directory const& from, Directory const& to, std::string const& name, unsigned depth) {
    std::string const path = path::joined(from.path, name);
    if (++count_ > most_copied_files) throw Error::refusal(concat({"more than ", most_copied_files, " files to copy"}));
    struct stat status;
    check(fstatat(from.fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "fstatat", {path});
    if (S_ISLNK(status.st_mode)) return symlink(from, to, name, status, path);
    if (S_ISREG(status.st_mode)) return file(from, to, name, path);
    if (!S_ISDIR(status.st_mode)) return;
    int const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Directory const source{Fd{check(openat(from.fd, name.c_str(), flags), "openat", {path})}, path};
    check(mkdirat(to.fd, name.c_str(), 0700), "mkdirat", {path});
    Directory const made{Fd{check(openat(to.fd, name.c_str(), flags), "openat", {path})}, path};
    tree(source, made, depth + 1);
    check(fstat(source.fd, &status), "fstat", {path});
    attributes(source.fd, made.fd, status, path);
  }

  void symlink(Directory const& from, Directory const& to, std::string const& name, struct stat const& status,
               std::string const& path) {
    char target[PATH_MAX];
    ssize_t const length = check(readlinkat(from.fd, name.c_str(), target, sizeof target - 1), "readlinkat", {path});
    target[length] = 0;
    check(symlinkat(target, to.fd, name.c_str()), "symlinkat", {path});
    check(fchownat(to.fd, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW), "fchownat", {path});
    struct timespec const times[] = {status.st_atim, status.st_mtim};
    check(utimensat(to.fd, name.c_str(), times, AT_SYMLINK_NOFOLLOW), "utimensat", {path});
  }

  void file(Directory const& from, Directory const& to, std::string const& name, std::string const& path) {
    int const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    Fd const source{check(openat(from.fd, name.c_str(), flags), "openat", {path})};
    struct stat status;
    check(fstat(source, &status), "fstat", {path});
    if (!S_ISREG(status.st_mode)) return;  // swapped since we looked
    int const make = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Fd const made{check(openat(to.fd, name.c_str(), make, 0600), "openat", {path})};
    content(source, made, status.st_size, path);
    attributes(source, made, status, path);
  }

  // Holes stay holes: a sparse file must not fill the memory.
  void content(int from, int to, off_t size, std::string const& path) {
    check(ftruncate(to, size), "ftruncate", {path});
    for (off_t position = 0; position < size;) {
      off_t const data = lseek(from, position, SEEK_DATA);
      if (data < 0 && errno == ENXIO) return;
      off_t const end = data < 0 ? size : check(lseek(from, data, SEEK_HOLE), "lseek", {path});
      position = data < 0 ? position : data;
      check(lseek(to, position, SEEK_SET), "lseek", {path});
      while (position < end) {
        ssize_t const sent = retry([&] { return sendfile(to, from, &position, static_cast<std::size_t>(end - position)); });
        if (check(sent, "sendfile", {path}) == 0) return;  // shorter than it was
      }
    }
  }

  void xattrs(int from, int to, std::string const& path) {
    char names[XATTR_LIST_MAX];
    ssize_t const length = flistxattr(from, names, sizeof names);
    if (length < 0 && errno == ENOTSUP) return;
    check(length, "flistxattr", {path});
    for (char const* name = names; name < names + length; name += std::strlen(name) + 1) {
      // Labels are given by the policy of the new file system.
      if (!std::strncmp(name, "security.", 9) && std::strcmp(name, "security.capability") != 0) continue;
      if (!value_) value_ = std::make_unique_for_overwrite<char[]>(XATTR_SIZE_MAX);
      ssize_t const size = fgetxattr(from, name, value_.get(), XATTR_SIZE_MAX);
      if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) continue;
      check(size, "fgetxattr", {path, name});
      // tmpfs has user.* since Linux 6.6 only, and trusted.* needs the initial user namespace.
      int const set = fsetxattr(to, name, value_.get(), static_cast<std::size_t>(size), 0);
      if (set < 0 && errno != ENOTSUP && errno != EPERM) fail("fsetxattr", {path, name});
    }
  }

  unsigned count_ = 0;
  std::unique_ptr<char[]> value_;
};

}  // namespace

void copy_tree(int from, int to, std::string const& shown) {
  int const flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Directory const source{Fd{check(openat(from, ".", flags), "openat", {shown})}, shown};
  Directory const made{Fd{check(openat(to, ".", flags), "openat", {shown})}, shown};
  Copy copy;
  copy.tree(source, made, 1);
  struct stat status;
  check(fstat(source.fd, &status), "fstat", {shown});
  copy.attributes(source.fd, made.fd, status, shown);
}

}  // namespace orlop::kernel
