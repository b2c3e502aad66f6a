#include "orlop/launch/event.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/container/status.hpp"
#include "orlop/launch/status.hpp"

#include <climits>

namespace orlop::command {

namespace {

using container::ContainerDir;
using container::Status;

struct Unit {
  std::string_view word;
  std::uint64_t ns;
};
constexpr Unit units[] = {
    {"ns", 1},           {"us", 1000},          {"µs", 1000},          {"ms", 1'000'000},
    {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3600'000'000'000}, {"", 1'000'000'000},
};

// One "1.5s" from the front of the text; nullopt: it is none.
std::optional<std::uint64_t> take_part(std::string_view& text) {
  auto const end = std::min(text.find_first_not_of("0123456789."), text.size());
  auto const digits = text.substr(0, end);
  text.remove_prefix(end);
  auto const word = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
  text.remove_prefix(word.size());
  auto const dot = digits.find('.');
  auto const whole = whole_number(digits.substr(0, dot));
  auto const fraction = dot == std::string_view::npos ? "" : digits.substr(dot + 1);
  if (!whole || *whole > 1'000'000 || fraction.size() > 6 || (dot != std::string_view::npos && !whole_number(fraction)))
    return std::nullopt;
  for (auto const& unit : units) {
    if (word != unit.word) continue;
    std::uint64_t ns = *whole * unit.ns, part = unit.ns;
    for (char const digit : fraction) ns += static_cast<std::uint64_t>(digit - '0') * (part /= 10);
    return ns;
  }
  return std::nullopt;
}

// As Go writes durations ("5s", "1m30s", "250ms"); a number alone is seconds.
int interval_of(std::string const& text) {
  std::uint64_t ns = 0;
  std::string_view left = text;
  bool is_good = !left.empty();
  while (is_good && !left.empty()) {
    auto const part = take_part(left);
    is_good = part.has_value();
    ns += part.value_or(0);
  }
  std::uint64_t const ms = ns / 1'000'000;
  if (!is_good || ms == 0 || ms > INT_MAX)
    throw Error::refusal(concat({"option --interval: ", json_quoted(text), " is no interval (\"5s\", \"250ms\")"}));
  return static_cast<int>(ms);
}

bool has_processes(Status status) { return status != Status::stopped && status != Status::creating; }

container::Record running(ContainerDir const& container) {
  auto const record = container.read_record();
  if (!has_processes(launch::status_of(container, record))) throw Error::refusal("container not running");
  return record;
}

// A line for each that has processes.
void print_all(std::string const& root) {
  for (auto const& id : container::container_ids(root)) {
    auto const container = ContainerDir::try_open(root, id);
    if (!container) continue;  // gone since we looked
    std::string line;
    try {
      auto const record = container->read_record();
      if (has_processes(launch::status_of(*container, record))) line = launch::statistic_line(record);
    } catch (std::exception const& error) {  // one damaged container does not hide the others
      log::warning(concat({"events: ", id, ": ", error.what()}));
    }
    print(line);
  }
}

}  // namespace

int events(Context const& context, Arguments const& arguments) {
  bool const all = arguments.has("all"), once = arguments.has("stats");
  auto const& words = arguments.words();
  int const interval_ms = interval_of(arguments.value("interval", "5s"));
  if (all != words.empty()) throw Error::refusal(all ? "option --all goes without an ID" : "wants an ID, or --all");
  if (all) {
    if (!once) launch::follow_all_events(context.root(), interval_ms, print);
    print_all(context.root());
    return 0;
  }
  auto const container = ContainerDir::open(context.root(), words[0]);
  auto const record = running(container);
  if (once)
    print(launch::statistic_line(record));
  else
    launch::follow_events(record, interval_ms, print);
  return 0;
}

}  // namespace orlop::command
