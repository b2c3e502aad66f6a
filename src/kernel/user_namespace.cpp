#include "orlop/kernel/user_namespace.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orlop::kernel {

std::string id_map_text(IdSpans const& map) {
  std::string text;
  for (auto const& range : map) text += concat({range.inside, " ", range.outside, " ", range.count, "\n"});
  return text;
}

std::optional<std::uint32_t> id_outside(IdSpans const& map, std::uint32_t inside) {
  for (auto const& range : map)
    if (inside >= range.inside && inside - range.inside < range.count) return range.outside + (inside - range.inside);
  return std::nullopt;
}

IdSpans id_map_of(std::string_view text) {
  IdSpans map;
  for (auto const line : split(text, '\n')) {
    std::vector<std::uint32_t> numbers;
    for (auto const word : split(line, ' '))
      if (auto const number = whole_number(word)) numbers.push_back(static_cast<std::uint32_t>(*number));
    if (numbers.size() == 3) map.push_back({numbers[0], numbers[1], numbers[2]});
  }
  return map;
}

std::uint32_t owner_in(IdSpans const& map) {
  if (map.empty() || id_outside(map, 0)) return 0;
  return map.front().inside;
}

namespace {

std::string read_below(int procfs, pid_t pid, char const* name) {
  std::string const path = concat({pid, "/", name});
  Fd const fd{check(openat(procfs, path.c_str(), O_RDONLY | O_CLOEXEC), "openat", {"/proc/" + path})};
  return file::read(fd, "/proc/" + path);
}

IdMaps maps_of(int procfs, pid_t pid) {
  return {id_map_of(read_below(procfs, pid, "uid_map")), id_map_of(read_below(procfs, pid, "gid_map")),
          read_below(procfs, pid, "setgroups").starts_with("deny")};
}

}  // namespace

IdMaps id_maps_of(pid_t pid) { return maps_of(path::open_host("/proc", O_PATH | O_DIRECTORY), pid); }

IdMaps own_id_maps(int procfs) { return maps_of(procfs, getpid()); }

namespace {

void write_map(std::string const& path, IdSpans const& map) {
  try {
    file::write_existing(path, id_map_text(map));
  } catch (Error& error) {
    if (error.code() != EPERM) throw;
    throw std::move(error).with_hint("orlop's own user namespace does not hold these ids, or the right to map them");
  }
}

}  // namespace

void write_uid_map(pid_t pid, IdSpans const& uids) { write_map(concat({"/proc/", pid, "/uid_map"}), uids); }

void write_gid_map(pid_t pid, IdSpans const& gids, bool deny_setgroups) {
  if (deny_setgroups) file::write_existing(concat({"/proc/", pid, "/setgroups"}), "deny");
  write_map(concat({"/proc/", pid, "/gid_map"}), gids);
}

bool is_in_initial_user_namespace() {
  constexpr ino_t initial = 0xEFFFFFFDU;  // PROC_USER_INIT_INO of the kernel's proc_ns.h
  struct stat status;
  return stat("/proc/self/ns/user", &status) < 0 || status.st_ino == initial;
}

void become_owner(uid_t uid, gid_t gid, bool keep_groups) {
  // EPERM: setgroups is denied here, and the caller's groups have to stay.
  if (!keep_groups && setgroups(0, nullptr) < 0 && errno != EPERM) fail("setgroups", {0});
  check(setresgid(gid, gid, gid), "setresgid", {gid});
  check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl", {Word{"PR_SET_KEEPCAPS"}, 1});
  check(setresuid(uid, uid, uid), "setresuid", {uid});
}

}  // namespace orlop::kernel
