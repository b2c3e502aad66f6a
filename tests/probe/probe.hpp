// What the probe can report and do. A report writes one JSON value; an action prints its own line and returns a status.
#pragma once

#include "json.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace probe {

using Report = void (*)(Json&);
using Arguments = std::span<char* const>;
using Action = int (*)(Arguments);

struct NamedReport {
    std::string_view name;
    Report report;
};

struct NamedAction {
    std::string_view name;
    Action action;
    std::string_view usage;
};

std::span<const NamedReport> process_reports(); // ids, limits, capabilities, signals: what execve handed over
std::span<const NamedReport> inside_reports();  // mounts, devices, cgroups: what the container looks like
std::span<const NamedReport> outside_reports(); // namespaces, descriptors, terminals: what ties it to the rest
std::span<const NamedAction> actions();
std::span<const NamedAction> file_actions();
std::span<const NamedAction> hunt_actions();
std::span<const NamedAction> call_actions();

// The whole file, or nothing with errno set. It never waits: the file may be a pipe that nobody writes.
std::optional<std::string> read_file(const char* path);
std::optional<std::string> read_link(const char* path);
std::vector<std::string_view> split(std::string_view text, char separator);
void print_line(const std::string& text);
// The value after "name:" in /proc/self/status, without blanks; empty when there is none.
std::string status_field(std::string_view name);

// The arguments of this program, for the report "args".
inline Arguments own_arguments;

}
