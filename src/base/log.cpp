#include "orlop/base/log.hpp"

#include "log_target.hpp"

#include "orlop/base/error.hpp"

#include <unistd.h>
#include <vector>

namespace orlop::log {

namespace {

struct Sink {
  Target target;
  Format format = Format::text;
  Level level = Level::warning;
  std::vector<std::string> held;
};
Sink& sink() {
  static Sink one;
  return one;
}

std::string line(Level level, std::string_view text) {
  if (sink().format == Format::json)
    return concat({"{\"level\":\"", word(level), "\",\"msg\":", json_quoted(text), ",\"time\":\"", timestamp(Precision::seconds), "\"}\n"});
  return concat({"time=\"", timestamp(Precision::seconds), "\" level=", word(level), " msg=", json_quoted(text), "\n"});
}

void write_line(Level level, std::string_view text) {
  sink().target.put(level, text, line(level, text));
}

}  // namespace

char const* word(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::info: return "info";
    case Level::debug: return "debug";
  }
  return "error";
}

void open(std::string const& where, Format format, Level level) {
  sink().format = format;
  sink().level = level;
  sink().target = Target{where};
}

bool is_debug() { return sink().level >= Level::debug; }

void debug(std::string_view text) {
  if (is_debug()) write_line(Level::debug, text);
}

void warning(std::string_view text) {
  if (is_debug())
    write_line(Level::warning, text);
  else if (sink().level >= Level::warning)
    sink().held.emplace_back(text);
}

void release_warnings() {
  for (std::string const& text : sink().held) write_line(Level::warning, text);
  sink().held.clear();
}

void error(std::string_view text, std::string_view hint) {
  bool const is_apart = !sink().target.is_standard_error();
  if (is_apart || sink().format == Format::json) write_line(Level::error, text);
  if (!is_apart && sink().format == Format::json) return;
  std::string plain = concat({"orlop: ", text, "\n"});
  if (!hint.empty()) plain += concat({"hint: ", hint, "\n"});
  (void)!::write(STDERR_FILENO, plain.data(), plain.size());
}

}  // namespace orlop::log
