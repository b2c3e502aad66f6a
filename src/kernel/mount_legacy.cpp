// mount(2), for what fsconfig(2) does not take.
#include "orlop/kernel/mount.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace orlop::kernel {

namespace {

constexpr std::size_t longest_value = 255;  // of fsconfig(2)
constexpr std::size_t data_page = 4095;     // of mount(2)

// The words for which mount(2) has a flag; all others are data.
struct FlagRow {
  std::string_view word;
  unsigned long set, clear;
};
constexpr FlagRow flag_rows[] = {
    {"ro", MS_RDONLY, 0},          {"rw", 0, MS_RDONLY},           {"sync", MS_SYNCHRONOUS, 0}, {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},    {"lazytime", MS_LAZYTIME, 0},   {"nolazytime", 0, MS_LAZYTIME},
    {"mand", MS_MANDLOCK, 0},      {"nomand", 0, MS_MANDLOCK},     {"iversion", MS_I_VERSION, 0},
    {"noiversion", 0, MS_I_VERSION},
};

FlagRow const* flag_of(FilesystemOption const& option) {
  for (auto const& row : flag_rows)
    if (!option.has_value && row.word == option.key) return &row;
  return nullptr;
}

std::string path_of(int fd) { return concat({"/proc/self/fd/", fd}); }

// A tmpfs of our own over the scratch directory, in which a mount can be made by a name that nobody else changes.
class Workshop {
public:
  explicit Workshop(int scratch) : mount_{new_filesystem("tmpfs", "tmpfs", {}, {})} {
    attach(mount_, scratch, "a tmpfs to mount in");
    check(mkdirat(mount_, "it", 0700), "mkdirat", {"it"});
  }
  ~Workshop() { umount2(path_of(mount_).c_str(), MNT_DETACH); }
  Workshop(Workshop const&) = delete;
  Workshop& operator=(Workshop const&) = delete;
  std::string place() const { return path_of(mount_) + "/it"; }

private:
  Fd mount_;
};

}  // namespace

bool needs_mount_call(std::vector<FilesystemOption> const& options) {
  for (auto const& option : options)
    if (option.value.size() > longest_value || option.key == "iversion" || option.key == "noiversion") return true;
  return false;
}

Fd new_filesystem_by_mount_call(std::string const& type, std::string const& source,
                                std::vector<FilesystemOption> const& options, MountAttributes attributes, int scratch) {
  unsigned long flags = 0;
  std::string data;
  for (auto const& option : options) {
    if (auto const* row = flag_of(option))
      flags = (flags & ~row->clear) | row->set;
    else
      data += concat({data.empty() ? "" : ",", option.key, option.has_value ? "=" : "", option.value});
  }
  if (data.size() > data_page)
    throw Error::refusal(concat({"the options are ", data.size(), " bytes long, and the kernel takes ", data_page}));
  Workshop const workshop{scratch};
  std::string const place = workshop.place();
  check(mount(source.c_str(), place.c_str(), type.c_str(), flags, data.c_str()), "mount", {source, type, data});
  Fd made = clone_tree(place, false);
  if (!attributes.is_empty()) set_attributes(made, attributes, false, type);
  return made;
}

}  // namespace orlop::kernel
