// The log: a line an event, as text or as one JSON object; to a file, the journal or syslog (--log), or standard error.
// Engines read one object of a failed call: so warnings are held until the call has succeeded, and debug is silent
// unless asked for.
#pragma once
#include <string>
#include <string_view>

namespace orlop::log {

enum class Level { error, warning, info, debug };
enum class Format { text, json };

// "" is standard error; "PATH" or "file:PATH" a file; "journald:IDENTIFIER"; "syslog:IDENTIFIER". It is opened at once
// (a file with O_APPEND), so that a wrong one is an error.
void open(std::string const& where, Format format, Level level);

// "error", "warning", …
char const* word(Level level);
bool is_debug();
void debug(std::string_view text);
void warning(std::string_view text);
// Writes the warnings that were held: call it when the command has done its work.
void release_warnings();
// The last word of a failed call: one object in the log file, and the plain text on standard error, always.
void error(std::string_view text, std::string_view hint);

}  // namespace orlop::log
