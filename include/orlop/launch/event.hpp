// What `events` prints of a container: JSON objects in runc's form, {"type":"stats","id":ID,"data":{...}} and
// {"type":"oom","id":ID}, a line each.
#pragma once
#include "orlop/container/record.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace orlop::launch {

// One line with its newline: what the container's cgroups and interfaces count now.
std::string statistic_line(container::Record const& record);

// Gives statistics now and every `interval_ms`, and a line each time that the kernel kills in the container for want of
// memory, until the container's init has ended. Throws Error "container not running" if it has already.
using TakeLine = std::function<void(std::string_view line)>;
void follow_events(container::Record const& record, int interval_ms, TakeLine const& take);

// The same for all containers of a state directory, also for those that are made meanwhile. Does not end.
[[noreturn]] void follow_all_events(std::string const& state_root, int interval_ms, TakeLine const& take);

}  // namespace orlop::launch
