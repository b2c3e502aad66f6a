#include "orlop/kernel/systemd_scope.hpp"

#include "orlop/base/error.hpp"

#include <optional>

namespace orlop::kernel {

namespace {

using bus::Kind;
using bus::Message;

constexpr char manager[] = "org.freedesktop.systemd1.Manager";
constexpr char unit_exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char no_such_unit[] = "org.freedesktop.systemd1.NoSuchUnit";
constexpr char not_settable[] = "org.freedesktop.DBus.Error.PropertyReadOnly";
constexpr int most_messages = 256;

void write_properties(bus::Writer& writer, std::vector<UnitProperty> const& properties) {
  std::size_t const begin = writer.begin_array(8);
  for (auto const& property : properties) {
    writer.align(8);
    writer.text(property.name);
    writer.variant(property.value);
  }
  writer.end_array(begin);
}

// One unit, as seen through one connection.
class Unit {
public:
  Unit(bus::Connection& systemd, std::string const& name) : systemd_{systemd}, name_{name} {}

  // Only the jobs of this unit: whoever listens to all of them keeps the bus busy on a host with many containers.
  void watch_jobs() {
    bus::Writer writer;
    writer.text(concat({"type='signal',sender='org.freedesktop.systemd1',interface='", manager,
                        "',member='JobRemoved',arg2='", name_, "'"}));
    constexpr char bus[] = "org.freedesktop.DBus";
    match_ = systemd_.send({bus, "/org/freedesktop/DBus", bus, "AddMatch", "s", writer.take()});
  }

  Message call(char const* member, char const* signature, bus::Writer& arguments) {
    call_ = member;
    auto const number = send(member, signature, arguments);
    for (int i = 0; i < most_messages; ++i) {
      Message message = systemd_.receive(call_);
      if (message.kind == Kind::signal) note_end(message);
      if (message.kind == Kind::error && message.answers == match_) throw_error(message);
      bool const is_answer = message.kind == Kind::answer || message.kind == Kind::error;
      if (is_answer && message.answers == number) return message;
    }
    throw Error::refusal(concat({call_, ": no answer among so many messages"}));
  }

  Message call(char const* member) {
    bus::Writer arguments;
    arguments.text(name_);
    return call(member, "s", arguments);
  }

  // Until the job that the answer names has ended.
  void wait_for_job(Message const& answer) {
    check(answer);
    if (answer.signature != "o") throw Error::refusal(concat({call_, ": systemd does not name its job"}));
    std::string const job = bus::Reader{answer.body}.text();
    for (int i = 0; i < most_messages; ++i) {
      for (auto const& [path, result] : ended_)
        if (path == job && result != "done")
          throw Error::refusal(concat({call_, ": systemd says that its job ended with ", json_quoted(result)}));
        else if (path == job)
          return;
      note_end(systemd_.receive(concat({call_, ": JobRemoved"})));
    }
    throw Error::refusal(concat({call_, ": no end of its job among so many messages"}));
  }

  void check(Message const& answer) const {
    if (answer.kind == Kind::error) throw_error(answer);
  }

private:
  std::uint32_t send(char const* member, char const* signature, bus::Writer& arguments) {
    return systemd_.send({"org.freedesktop.systemd1", "/org/freedesktop/systemd1", manager, member, signature, arguments.take()});
  }

  [[noreturn]] void throw_error(Message const& message) const { throw Error::refusal(concat({call_, ": ", message.error_text()})); }

  void note_end(Message const& message) {
    if (message.kind != Kind::signal || message.member != "JobRemoved" || message.signature != "uoss") return;
    bus::Reader reader{message.body};
    reader.number(4);
    std::string path = reader.text();
    if (reader.text() == name_) ended_.emplace_back(std::move(path), reader.text());
  }

  bus::Connection& systemd_;
  std::string const& name_;
  std::string call_;
  std::uint32_t match_ = 0;
  std::vector<std::pair<std::string, std::string>> ended_;  // jobs, and how
};

// Takes away the property that this systemd does not know, if it may be.
bool try_do_without(Message const& refusal, std::vector<UnitProperty>& properties) {
  if (refusal.kind != Kind::error || refusal.error != not_settable) return false;
  std::string const text = refusal.error_text();
  return std::erase_if(properties, [&](auto const& one) {
           return one.may_be_unknown && text.find(concat({"property ", one.name, ","})) != std::string::npos;
         }) > 0;
}

// Again and again, with fewer properties each time.
template <class Call>
Message with_known(std::vector<UnitProperty>& properties, Call const& call) {
  Message answer = call();
  while (try_do_without(answer, properties)) answer = call();
  return answer;
}

}  // namespace

bool try_start_scope(bus::Connection& systemd, std::string const& unit, std::vector<UnitProperty> properties) {
  Unit scope{systemd, unit};
  scope.watch_jobs();
  auto const start = [&] {
    bus::Writer arguments;
    arguments.text(unit);
    arguments.text("fail");
    write_properties(arguments, properties);
    arguments.end_array(arguments.begin_array(8));  // no other units
    return scope.call("StartTransientUnit", "ssa(sv)a(sa(sv))", arguments);
  };
  Message answer = with_known(properties, start);
  auto const exists = [&] { return answer.kind == Kind::error && answer.error == unit_exists; };
  if (exists()) {
    // One that has failed stays until somebody says that it was seen.
    scope.call("ResetFailedUnit");
    answer = start();
  }
  if (exists()) return false;
  scope.wait_for_job(answer);
  return true;
}

void stop_unit(bus::Connection& systemd, std::string const& unit) {
  Unit scope{systemd, unit};
  scope.watch_jobs();
  bus::Writer arguments;
  arguments.text(unit);
  arguments.text("replace");
  Message const answer = scope.call("StopUnit", "ss", arguments);
  if (answer.kind != Kind::error || answer.error != no_such_unit) scope.wait_for_job(answer);
  scope.call("ResetFailedUnit");  // it says that there is nothing, or that there was: both are fine
}

void set_unit_properties(bus::Connection& systemd, std::string const& unit, std::vector<UnitProperty> properties) {
  Unit scope{systemd, unit};
  auto const set = [&] {
    bus::Writer arguments;
    arguments.text(unit);
    arguments.number(1, 4);  // at run time only
    write_properties(arguments, properties);
    return scope.call("SetUnitProperties", "sba(sv)", arguments);
  };
  scope.check(with_known(properties, set));
}

void attach_to_unit(bus::Connection& systemd, std::string const& unit, std::string const& below, pid_t process) {
  Unit scope{systemd, unit};
  bus::Writer arguments;
  arguments.text(unit);
  arguments.text(below);
  std::size_t const begin = arguments.begin_array(4);
  arguments.number(static_cast<std::uint64_t>(process), 4);
  arguments.end_array(begin);
  scope.check(scope.call("AttachProcessesToUnit", "ssau", arguments));
}

}  // namespace orlop::kernel
