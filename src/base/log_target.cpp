#include "log_target.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/path.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

namespace orlop::log {

namespace {

int priority(Level level) {
  switch (level) {
    case Level::error: return LOG_ERR;
    case Level::warning: return LOG_WARNING;
    case Level::info: return LOG_INFO;
    case Level::debug: return LOG_DEBUG;
  }
  return LOG_ERR;
}

// A line break would begin another field of the journal, or another message of syslog.
std::string one_line(std::string_view text) {
  std::string flat{text};
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  return flat;
}

}  // namespace

Target::Target(std::string const& where) {
  auto const starts = [&](char const* scheme) { return where.starts_with(scheme); };
  if (where.empty()) return;
  if (starts("journald:") || starts("syslog:")) {
    kind_ = starts("journald:") ? Kind::journal : Kind::syslog;
    identifier_ = where.substr(where.find(':') + 1);
    if (identifier_.empty()) identifier_ = "orlop";
    connect_to(kind_ == Kind::journal ? "/run/systemd/journal/socket" : "/dev/log");
    return;
  }
  kind_ = Kind::file;
  fd_ = path::open_host(starts("file:") ? where.substr(5) : where, O_WRONLY | O_CREAT | O_APPEND, 0644);
}

void Target::connect_to(char const* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  fd_ = Fd{check(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")};
  check(connect(fd_, reinterpret_cast<sockaddr const*>(&address), sizeof address), "connect", {path});
}

void Target::put(Level level, std::string_view text, std::string_view line) const {
  std::string message;
  if (kind_ == Kind::journal)
    message = concat({"PRIORITY=", priority(level), "\nSYSLOG_IDENTIFIER=", identifier_, "\nMESSAGE=", one_line(text), "\n"});
  else if (kind_ == Kind::syslog)
    message = concat({"<", LOG_DAEMON | priority(level), ">", identifier_, "[", getpid(), "]: ", one_line(text)});
  else
    message = line;
  int const fd = kind_ == Kind::standard_error ? STDERR_FILENO : static_cast<int>(fd_);
  if (kind_ == Kind::journal || kind_ == Kind::syslog)
    (void)!::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
  else
    (void)!::write(fd, message.data(), message.size());
}

}  // namespace orlop::log
