// Where a log goes: an appended file, the journal (systemd's native protocol: one datagram of FIELD=value lines), or
// syslog (RFC 3164, as syslog(3) sends it). Journal and syslog have a time and a level of their own.
#pragma once
#include "orlop/base/fd.hpp"
#include "orlop/base/log.hpp"

#include <string>
#include <string_view>

namespace orlop::log {

class Target {
public:
  enum class Kind { standard_error, file, journal, syslog };

  Target() = default;
  // "", "PATH", "file:PATH", "journald:IDENTIFIER", "syslog:IDENTIFIER". Errors: open(2), connect(2).
  explicit Target(std::string const& where);

  bool is_standard_error() const { return kind_ == Kind::standard_error; }
  // `line`: the whole line for a file; `text`: the message alone. One write: several processes may use the same target,
  // and one that cannot be written must not end the work.
  void put(Level level, std::string_view text, std::string_view line) const;

private:
  void connect_to(char const* path);

  Kind kind_ = Kind::standard_error;
  Fd fd_;
  std::string identifier_;
};

}  // namespace orlop::log
