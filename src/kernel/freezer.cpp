#include "orlop/kernel/freezer.hpp"

#include "orlop/base/clock.hpp"
#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr char state_v1[] = "/freezer.state";
constexpr char own_v1[] = "/freezer.self_freezing";
constexpr char freeze_v2[] = "/cgroup.freeze";
constexpr char events_v2[] = "/cgroup.events";

// The file's text without its newline; "" when the cgroup is gone.
std::string word_in(std::string const& path) {
  try {
    return std::string{trimmed(file::read(path))};
  } catch (Error const& error) {
    if (error.code() == ENOENT || error.code() == ENODEV) return {};
    throw;
  }
}

bool says_frozen(std::string_view events) {
  auto const lines = split(events, '\n');
  return std::find(lines.begin(), lines.end(), "frozen 1") != lines.end();
}

// The kernel gives up on processes that come in or fork while it freezes, and says FREEZING: asking again finishes
// them. Where that does not help, a moment of thaw lets them come to a place where they can be frozen.
bool freeze_v1(std::string const& directory, int patience_ms) {
  std::string const path = directory + state_v1;
  std::int64_t const end = monotonic_ms() + patience_ms;
  for (int attempt = 1;; ++attempt) {
    file::write_existing(path, "FROZEN");
    if (word_in(path) == "FROZEN") return true;
    if (monotonic_ms() >= end) return false;
    if (attempt % 16 == 0) file::write_existing(path, "THAWED");
    pause_ms(std::min(attempt, 10));
  }
}

// `cgroup.events` tells of each change by POLLPRI.
bool freeze_v2_and_wait(std::string const& directory, int patience_ms) {
  std::string const path = directory + events_v2;
  Fd const events = path::open_host(path, O_RDONLY);
  file::write_existing(directory + freeze_v2, "1");
  std::int64_t const end = monotonic_ms() + patience_ms;
  for (;;) {
    check(static_cast<int>(lseek(events, 0, SEEK_SET)), "lseek", {path, 0});
    if (says_frozen(file::read(events, path))) return true;
    auto const left = end - monotonic_ms();
    if (left <= 0) return false;
    pollfd waiting{events, POLLPRI, 0};
    check(retry([&] { return poll(&waiting, 1, static_cast<int>(left)); }), "poll", {path});
  }
}

}  // namespace

std::optional<Freezer> try_freezer(std::span<std::string const> directories) {
  // A hierarchy has its controllers' names, as a rule: that one first.
  for (bool const is_named : {true, false})
    for (auto const& directory : directories)
      if ((directory.find("freezer") != std::string::npos) == is_named &&
          access((directory + state_v1).c_str(), F_OK) == 0)
        return Freezer{directory, false};
  for (auto const& directory : directories)
    if (access((directory + freeze_v2).c_str(), F_OK) == 0) return Freezer{directory, true};
  return std::nullopt;
}

bool is_freeze_wanted(Freezer const& freezer) {
  return word_in(freezer.directory + (freezer.is_v2 ? freeze_v2 : own_v1)) == "1";
}

bool is_frozen(Freezer const& freezer) {
  if (!is_freeze_wanted(freezer)) return false;
  if (freezer.is_v2) return says_frozen(word_in(freezer.directory + events_v2));
  return word_in(freezer.directory + state_v1) == "FROZEN";
}

bool try_freeze(Freezer const& freezer, int patience_ms) {
  bool const done = freezer.is_v2 ? freeze_v2_and_wait(freezer.directory, patience_ms)
                                  : freeze_v1(freezer.directory, patience_ms);
  if (!done) thaw(freezer);
  return done;
}

void thaw(Freezer const& freezer) {
  file::write_existing(freezer.directory + (freezer.is_v2 ? freeze_v2 : state_v1), freezer.is_v2 ? "0" : "THAWED");
}

}  // namespace orlop::kernel
