#include "orlop/base/log.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/fd.hpp"
#include "orlop/base/path.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace orlop::log {

namespace {

struct Sink {
  Fd file;  // closed: standard error
  Format format = Format::text;
  Level level = Level::warning;
  std::vector<std::string> held;
};
Sink& sink() {
  static Sink one;
  return one;
}

char const* word(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::info: return "info";
    case Level::debug: return "debug";
  }
  return "error";
}

std::string line(Level level, std::string_view text) {
  if (sink().format == Format::json)
    return concat({"{\"level\":\"", word(level), "\",\"msg\":", json_quoted(text), ",\"time\":\"", timestamp(Precision::seconds), "\"}\n"});
  return concat({"time=\"", timestamp(Precision::seconds), "\" level=", word(level), " msg=", json_quoted(text), "\n"});
}

// One write a line: several processes may append to the same file. A log that cannot be written must not end the work.
void put(int fd, std::string_view text) { (void)!::write(fd, text.data(), text.size()); }

void write_line(Level level, std::string_view text) {
  put(sink().file.is_open() ? static_cast<int>(sink().file) : STDERR_FILENO, line(level, text));
}

}  // namespace

void open(std::string const& path, Format format, Level level) {
  sink().format = format;
  sink().level = level;
  if (!path.empty()) sink().file = path::open_host(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
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
  bool const to_file = sink().file.is_open();
  if (to_file) write_line(Level::error, text);
  if (!to_file && sink().format == Format::json) {
    write_line(Level::error, text);
    return;
  }
  std::string plain = concat({"orlop: ", text, "\n"});
  if (!hint.empty()) plain += concat({"hint: ", hint, "\n"});
  put(STDERR_FILENO, plain);
}

}  // namespace orlop::log
