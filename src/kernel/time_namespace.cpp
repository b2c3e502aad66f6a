#include "orlop/kernel/time_namespace.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/path.hpp"

#include <fcntl.h>
#include <sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace orlop::kernel {

void write_time_offsets(pid_t pid, std::vector<TimeOffset> const& offsets) {
  std::string text;
  for (auto const& offset : offsets)
    text += concat({offset.clock == Clock::monotonic ? "monotonic " : "boottime ", offset.seconds, " ", offset.nanoseconds, "\n"});
  file::write_existing(concat({"/proc/", pid ? std::to_string(pid) : "self", "/timens_offsets"}), text);
}

void enter_new_time() {
  Fd const made = path::open_host("/proc/self/ns/time_for_children", O_RDONLY);
  check(setns(made, CLONE_NEWTIME), "setns", {Word{"CLONE_NEWTIME"}});
}

}  // namespace orlop::kernel
