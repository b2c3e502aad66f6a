// Tells when the kernel kills in a cgroup for want of memory. v1: an eventfd(2) that cgroup.event_control ties to
// memory.oom_control; v2: inotify(7) on memory.events.
#pragma once
#include "orlop/base/fd.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace orlop::kernel {

class OomWatch {
public:
  // `directories`: the container's cgroup in each hierarchy. Without one that counts memory, nothing is ever told.
  explicit OomWatch(std::span<std::string const> directories);
  // Readable (poll(2)) when there may be news; -1 if there never are.
  int descriptor() const { return notes_.is_open() ? static_cast<int>(notes_) : -1; }
  // Takes what was told: true if it was out of memory since the last time. A cgroup that is removed is none.
  bool has_news();

private:
  void watch_v1();
  void watch_v2();
  bool has_news_v1();
  bool has_news_v2();
  std::string directory_;  // "": no memory is counted
  bool is_v2_ = false;
  std::uint64_t count_ = 0;  // v2: the kills told so far
  Fd control_, notes_;
};

}  // namespace orlop::kernel
