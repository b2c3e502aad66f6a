#include "orlop/kernel/oom_watch.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace orlop::kernel {

namespace {

constexpr char control_v1[] = "/memory.oom_control", events_v2[] = "/memory.events";

// nullopt: the cgroup is gone.
std::optional<std::uint64_t> kills_in(std::string const& directory) {
  std::string const path = directory + events_v2;
  Fd const fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.is_open()) return std::nullopt;
  std::string text;
  try {
    text = file::read(fd, path);
  } catch (Error const&) {  // ENODEV
    return std::nullopt;
  }
  constexpr std::string_view key = "oom_kill ";
  for (auto const line : split(text, '\n'))
    if (line.starts_with(key)) return whole_number(line.substr(key.size()));
  return 0;
}

}  // namespace

OomWatch::OomWatch(std::span<std::string const> directories) {
  Doing const doing{"memory"};
  for (auto const& directory : directories) {
    bool const is_v1 = access((directory + control_v1).c_str(), F_OK) == 0;
    is_v2_ = !is_v1 && access((directory + events_v2).c_str(), F_OK) == 0;
    if (!is_v1 && !is_v2_) continue;
    directory_ = directory;
    is_v2_ ? watch_v2() : watch_v1();
    return;
  }
}

// "EVENTFD CONTROL" in numbers of our own descriptors; both stay open as long as we want to be told.
void OomWatch::watch_v1() {
  control_ = path::open_host(directory_ + control_v1, O_RDONLY);
  notes_ = Fd{check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
  file::write_existing(directory_ + "/cgroup.event_control",
                       concat({static_cast<int>(notes_), " ", static_cast<int>(control_)}));
}

void OomWatch::watch_v2() {
  notes_ = Fd{check(inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1")};
  std::string const path = directory_ + events_v2;
  check(inotify_add_watch(notes_, path.c_str(), IN_MODIFY), "inotify_add_watch", {path});
  count_ = kills_in(directory_).value_or(0);
}

bool OomWatch::has_news() { return notes_.is_open() && (is_v2_ ? has_news_v2() : has_news_v1()); }

// The eventfd counts; the removal of the cgroup counts once, too.
bool OomWatch::has_news_v1() {
  std::uint64_t count = 0;
  if (retry([&] { return read(notes_, &count, sizeof count); }) < 0 && errno != EAGAIN) fail("read", {directory_});
  bool const is_removed = access((directory_ + control_v1).c_str(), F_OK) < 0;
  return count > (is_removed ? 1U : 0U);
}

bool OomWatch::has_news_v2() {
  alignas(inotify_event) char notes[4096];
  if (retry([&] { return read(notes_, notes, sizeof notes); }) < 0 && errno != EAGAIN) fail("read", {directory_});
  auto const kills = kills_in(directory_);
  if (!kills || *kills <= count_) return false;
  count_ = *kills;
  return true;
}

}  // namespace orlop::kernel
