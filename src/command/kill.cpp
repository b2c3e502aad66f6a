#include "choice.hpp"

#include "orlop/base/error.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/launch/destroy.hpp"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstring>

namespace orlop::command {

namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// "RTMIN", "RTMIN+3", "RTMAX-1": as kill(1) has them; glibc keeps the first two for itself.
int real_time_signal(std::string_view name) {
  bool const from_least = name.starts_with("RTMIN"), from_most = name.starts_with("RTMAX");
  if (!from_least && !from_most) return 0;
  name.remove_prefix(5);
  std::uint64_t distance = 0;
  if (!name.empty()) {
    auto const number = name[0] == (from_least ? '+' : '-') ? whole_number(name.substr(1)) : std::nullopt;
    if (!number || *number > 64) return 0;
    distance = *number;
  }
  int const signal = from_least ? SIGRTMIN + static_cast<int>(distance) : SIGRTMAX - static_cast<int>(distance);
  return signal >= SIGRTMIN && signal <= SIGRTMAX ? signal : 0;
}

// A number, or a name with or without SIG in front, in any case.
int signal_of(std::string const& text) {
  if (auto const number = whole_number(text); number && *number <= static_cast<std::uint64_t>(SIGRTMAX)) return static_cast<int>(*number);
  std::string const all = upper(text);
  std::string_view name = all;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    char const* const known = sigabbrev_np(signal);
    if (known && name == known) return signal;
  }
  if (int const signal = real_time_signal(name)) return signal;
  if (name == "CLD") return SIGCHLD;
  if (name == "IOT") return SIGABRT;
  throw Error::refusal(concat({"unknown signal ", json_quoted(text)}));
}

}  // namespace

int kill(Context const& context, Arguments const& arguments) {
  auto const& words = arguments.words();
  int const signal = words.size() > 1 ? signal_of(words[1]) : SIGTERM;
  for_each_chosen(context, arguments, [&](std::string const& id) {
    auto const container = container::ContainerDir::open(context.root(), id);
    if (arguments.has("all"))
      launch::signal_all(container, signal);
    else
      launch::signal_container(container, signal);
  });
  return 0;
}

}  // namespace orlop::command
