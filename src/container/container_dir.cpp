#include "orlop/container/container_dir.hpp"

#include "orlop/base/child.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"
#include "orlop/container/state_root.hpp"

#include "oci/json.hpp"

#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace orlop::container {

namespace {

constexpr char record_name[] = "state.json";
constexpr char config_name[] = "config.json";
constexpr char resources_name[] = "resources.json";
constexpr char unfinished_name[] = "update.json";
constexpr char gate_name[] = "gate";
constexpr std::size_t most_config = 16 * 1024 * 1024;
constexpr unsigned rename_noreplace = 1;  // RENAME_NOREPLACE, renameat2(2)

// ".web1.4711.claim": the maker's pid tells a later command whether it may be thrown away. No id ends so and begins
// with a dot in front of another id by chance only: an id is compared as a whole.
std::string claim_name(std::string const& id, pid_t maker) { return concat({".", id, ".", maker, ".claim"}); }

void remove_tree(int root, std::string const& name) noexcept {
  Fd const directory{openat(root, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!directory.is_open()) return;
  // One socket is all that is ever there.
  if (unlinkat(directory, notify_directory, AT_REMOVEDIR) < 0 && errno != ENOENT) {
    Fd const notify{openat(directory, notify_directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (notify.is_open()) unlinkat(notify, notify_name, 0);
    unlinkat(directory, notify_directory, AT_REMOVEDIR);
  }
  for (char const* file : {gate_name, config_name, resources_name, record_name}) unlinkat(directory, file, 0);
  unlinkat(root, name.c_str(), AT_REMOVEDIR);
}

// What else a kill in the middle may have left: temporary files of a replaced record.
void remove_rest(int root, std::string const& name) noexcept {
  int const fd = openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* const listing = fd < 0 ? nullptr : fdopendir(fd);
  if (!listing) return;
  while (dirent const* entry = readdir(listing)) unlinkat(dirfd(listing), entry->d_name, 0);
  closedir(listing);
  unlinkat(root, name.c_str(), AT_REMOVEDIR);
}

void write_new(int directory, std::string const& shown, char const* name, std::string_view text) {
  std::string const path = path::joined(shown, name);
  Fd const fd{check(openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "open", {path})};
  file::write(fd, path, text);
}

}  // namespace

ContainerDir::ContainerDir(Directory root, std::string id, Directory directory, bool mine)
    : root_{std::move(root)}, id_{std::move(id)}, directory_{std::move(directory)}, mine_{mine} {}

ContainerDir::ContainerDir(ContainerDir&& other) noexcept
    : root_{std::move(other.root_)},
      id_{std::move(other.id_)},
      directory_{std::move(other.directory_)},
      lock_{std::move(other.lock_)},
      mine_{std::exchange(other.mine_, false)},
      owner_{other.owner_} {}

ContainerDir& ContainerDir::operator=(ContainerDir&& other) noexcept {
  if (this != &other) {
    if (mine_ && owner_ == getpid()) remove();
    root_ = std::move(other.root_);
    id_ = std::move(other.id_);
    directory_ = std::move(other.directory_);
    lock_ = std::move(other.lock_);
    mine_ = std::exchange(other.mine_, false);
    owner_ = other.owner_;
  }
  return *this;
}

ContainerDir::~ContainerDir() {
  if (mine_ && owner_ == getpid()) remove();
}

ContainerDir ContainerDir::claim(std::string const& state_root, Record const& record, std::string_view config) {
  Directory root = open_state_root(state_root);
  Doing const doing{"state"};
  std::string const claim = claim_name(record.id, getpid());
  std::string const shown = path::joined(state_root, record.id);
  if (mkdirat(root.fd, claim.c_str(), 0700) < 0) fail("mkdir", {shown});
  ContainerDir container{std::move(root), claim, {}, true};
  container.directory_ = {Fd{openat(container.root_.fd, claim.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)}, shown};
  check(static_cast<int>(container.directory_.fd), "open", {shown});
  write_new(container.directory_.fd, shown, record_name, oci::print(record, oci::Style::compact));
  write_new(container.directory_.fd, shown, config_name, config);
  int const root_fd = container.root_.fd;
  if (syscall(SYS_renameat2, root_fd, claim.c_str(), root_fd, record.id.c_str(), rename_noreplace) < 0) {
    if (errno == EEXIST || errno == ENOTEMPTY) throw Error::refusal("container with given ID already exists");
    fail("rename", {shown});
  }
  container.id_ = record.id;
  return container;
}

std::optional<ContainerDir> ContainerDir::try_open(std::string const& state_root, std::string const& id) {
  Fd root{::open(state_root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!root.is_open() && errno == ENOENT) return std::nullopt;
  check(static_cast<int>(root), "open", {state_root});
  Fd directory{openat(root, id.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!directory.is_open() && errno == ENOENT) return std::nullopt;
  std::string const shown = path::joined(state_root, id);
  check(static_cast<int>(directory), "open", {shown});
  return ContainerDir{{std::move(root), state_root}, id, {std::move(directory), shown}, false};
}

ContainerDir ContainerDir::open(std::string const& state_root, std::string const& id) {
  check_id(id);
  if (auto container = try_open(state_root, id)) return std::move(*container);
  throw Error::refusal("container does not exist");
}

Record ContainerDir::read_record() const {
  std::string const shown = path::joined(directory_.path, record_name);
  Fd const fd{openat(directory_.fd, record_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd.is_open() && errno == ENOENT) throw Error::refusal("container does not exist");
  check(static_cast<int>(fd), "open", {shown});
  auto const record = oci::parse<Record>(file::read(fd, shown, 1024 * 1024), shown);
  if (record.schema != 1)
    throw Error::refusal(concat({shown, ": schema ", record.schema, " is of a later orlop than this one"}));
  return record;
}

// Whatever else is wrong does not mean that there is none: without one, all that is there is thrown away.
bool ContainerDir::has_record() const {
  if (faccessat(directory_.fd, record_name, F_OK, 0) == 0) return true;
  if (errno != ENOENT) fail("faccessat", {path::joined(directory_.path, record_name)});
  return false;
}

void ContainerDir::write_record(Record const& record) {
  Doing const doing{"state"};
  file::replace(directory_.fd, directory_.path, record_name, oci::print(record, oci::Style::compact), 0600);
}

std::string ContainerDir::read_config() const {
  std::string const shown = path::joined(directory_.path, config_name);
  Fd const fd{check(openat(directory_.fd, config_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "open", {shown})};
  return file::read(fd, shown, most_config);
}

std::optional<std::string> ContainerDir::try_read_resources() const { return try_read(resources_name); }

std::optional<std::string> ContainerDir::try_read(char const* name) const {
  std::string const shown = path::joined(directory_.path, name);
  Fd const fd{openat(directory_.fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd.is_open() && errno == ENOENT) return std::nullopt;
  check(static_cast<int>(fd), "open", {shown});
  return file::read(fd, shown, most_config);
}

void ContainerDir::write_resources(std::string_view text) {
  Doing const doing{"state"};
  file::replace(directory_.fd, directory_.path, resources_name, text, 0600);
}

std::optional<UnfinishedUpdate> ContainerDir::try_read_unfinished() const {
  auto const text = try_read(unfinished_name);
  if (!text) return std::nullopt;
  return oci::parse<UnfinishedUpdate>(*text, path::joined(directory_.path, unfinished_name));
}

void ContainerDir::write_unfinished(UnfinishedUpdate const& update) {
  Doing const doing{"state"};
  file::replace(directory_.fd, directory_.path, unfinished_name, oci::print(update, oci::Style::compact), 0600);
}

void ContainerDir::remove_unfinished() noexcept { unlinkat(directory_.fd, unfinished_name, 0); }

void ContainerDir::lock_changes() {
  if (lock_.is_open()) return;
  Fd lock{openat(directory_.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!lock.is_open() && errno == ENOENT) return;  // removed as a whole: nothing to be locked
  check(static_cast<int>(lock), "open", {directory_.path});
  while (flock(lock, LOCK_EX) < 0)
    if (errno != EINTR) fail("flock", {directory_.path});
  lock_ = std::move(lock);
}

// nullopt: it cannot be told.
std::optional<bool> ContainerDir::is_there() const noexcept {
  struct stat named, opened;
  if (fstatat(root_.fd, id_.c_str(), &named, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? std::optional{false} : std::nullopt;
  if (fstat(directory_.fd, &opened) < 0) return std::nullopt;
  return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

bool ContainerDir::remove() noexcept {
  mine_ = false;
  auto there = is_there();
  if (there != true) return there.has_value();
  remove_tree(root_.fd, id_);
  there = is_there();
  if (there != true) return there.has_value();
  remove_rest(root_.fd, id_);
  return is_there() == false;
}

void remove_stale_claims(std::string const& state_root, std::string const& id) noexcept {
  int const fd = open(state_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = fd < 0 ? nullptr : fdopendir(fd);
  if (!listing) return;
  std::string const prefix = concat({".", id, "."});
  while (dirent const* entry = readdir(listing)) {
    std::string_view name = entry->d_name;
    if (!name.starts_with(prefix) || !name.ends_with(".claim")) continue;
    name.remove_prefix(prefix.size());
    name.remove_suffix(sizeof ".claim" - 1);
    auto const maker = whole_number(name);
    if (maker && kill(static_cast<pid_t>(*maker), 0) < 0 && errno == ESRCH) remove_rest(dirfd(listing), entry->d_name);
  }
  closedir(listing);
}

}  // namespace orlop::container
