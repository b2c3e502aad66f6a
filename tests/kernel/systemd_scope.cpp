// The calls to systemd, against a peer that has said its part before it is asked: calls are numbered from 1, the match
// for signals first.
#include "harness/bus_peer.hpp"
#include "harness/catch.hpp"
#include "harness/failure.hpp"

#include "orlop/base/error.hpp"
#include "orlop/kernel/systemd_scope.hpp"

using namespace orlop;
using harness::bus_text;
using harness::Said;

namespace {

constexpr char unit[] = "x.scope";
constexpr auto error = bus::Kind::error;
std::vector<kernel::UnitProperty> const properties{{"Delegate", {"b", {"1"}}, false},
                                                   {"AllowedCPUs", {"ay", {"1"}}, true},
                                                   {"Slice", {"s", {"a.slice"}}, false}};

std::string job(std::uint32_t answers, char const* path = "/job/1") {
  return Said{bus::Kind::answer, answers, "", "", "o", bus_text(path)}.bytes();
}

std::string removed(char const* path, char const* name, char const* result) {
  bus::Writer body;
  body.number(1, 4);
  for (char const* const text : {path, name, result}) body.text(text);
  return Said{bus::Kind::signal, 0, "", "JobRemoved", "uoss", body.take()}.bytes();
}

std::string refused(std::uint32_t answers, char const* name, char const* text) {
  return Said{error, answers, name, "", "s", bus_text(text)}.bytes();
}

struct Outcome {
  bool started = false;
  std::string failure, heard;
  // How often systemd was asked by that name.
  int calls(std::string const& member) const {
    int count = 0;
    for (auto at = heard.find(member); at != std::string::npos; at = heard.find(member, at + 1)) ++count;
    return count;
  }
};

template <class Act>
Outcome outcome(std::string const& said, Act act) {
  harness::BusPeer peer;
  peer.say(said);
  bus::Connection connection{peer.take_ours(), "/bus", -1};
  connection.wait_at_most(100);
  Outcome outcome;
  outcome.failure = harness::failure_of([&] { outcome.started = act(connection); });
  outcome.heard = peer.heard();
  return outcome;
}

Outcome start(std::string const& said) {
  return outcome(said, [](bus::Connection& bus) { return kernel::try_start_scope(bus, unit, properties); });
}
Outcome stop(std::string const& said) {
  return outcome(said, [](bus::Connection& bus) { return kernel::stop_unit(bus, unit), true; });
}
Outcome set(std::string const& said) {
  return outcome(said, [](bus::Connection& bus) { return kernel::set_unit_properties(bus, unit, properties), true; });
}

constexpr char exists[] = "org.freedesktop.systemd1.UnitExists";
constexpr char read_only[] = "org.freedesktop.DBus.Error.PropertyReadOnly";

}  // namespace

TEST_CASE("systemd_scope: started when its job is done") {
  std::string const matched = Said{}.bytes();
  auto const good = start(matched + job(2) + removed("/job/1", unit, "done"));
  CHECK(good.failure == "");
  CHECK(good.started);
  CHECK(good.calls("StartTransientUnit") == 1);
  CHECK(good.calls("AddMatch") == 1);
  CHECK(good.calls("arg2='x.scope'") == 1);
  // Its end can be told before its name is.
  CHECK(start(matched + removed("/job/1", unit, "done") + job(2)).started);
  CHECK(start(matched + job(2) + removed("/job/9", unit, "failed") + removed("/job/1", "y.scope", "failed") +
              removed("/job/1", unit, "done"))
            .started);
  CHECK(start(matched + job(2) + removed("/job/1", unit, "failed")).failure ==
        "StartTransientUnit: systemd says that its job ended with \"failed\"");
}

TEST_CASE("systemd_scope: no answer, and no end") {
  CHECK(start("").failure == "StartTransientUnit(\"/bus\"): connection timed out");
  CHECK(start(job(2)).failure == "StartTransientUnit: JobRemoved(\"/bus\"): connection timed out");
  CHECK(start(Said{bus::Kind::answer, 2}.bytes()).failure == "StartTransientUnit: systemd does not name its job");
  CHECK(start(refused(1, "org.example.No", "no match for you")).failure ==
        "StartTransientUnit: no match for you (org.example.No)");
  std::string many;
  for (int i = 0; i < 300; ++i) many += removed("/job/9", unit, "done");
  CHECK(start(job(2) + many).failure == "StartTransientUnit: no end of its job among so many messages");
  CHECK(start(many).failure == "StartTransientUnit: no answer among so many messages");
}

TEST_CASE("systemd_scope: a unit that is there") {
  auto const failed_before = start(refused(2, exists, "is there") + Said{bus::Kind::answer, 3}.bytes() + job(4) +
                                   removed("/job/1", unit, "done"));
  CHECK(failed_before.started);
  CHECK(failed_before.calls("ResetFailedUnit") == 1);
  CHECK(failed_before.calls("StartTransientUnit") == 2);
  auto const active = start(refused(2, exists, "is there") + refused(3, "org.example.No", "") + refused(4, exists, "is there"));
  CHECK(active.failure == "");
  CHECK_FALSE(active.started);
}

TEST_CASE("systemd_scope: a property that this systemd does not know") {
  auto const unknown = start(refused(2, read_only, "Cannot set property AllowedCPUs, or unknown property.") + job(3) +
                             removed("/job/1", unit, "done"));
  CHECK(unknown.started);
  CHECK(unknown.calls("AllowedCPUs") == 1);
  CHECK(unknown.calls("Slice") == 2);
  CHECK(start(refused(2, read_only, "Cannot set property Slice, or unknown property.")).failure ==
        "StartTransientUnit: Cannot set property Slice, or unknown property. (org.freedesktop.DBus.Error.PropertyReadOnly)");
}

TEST_CASE("systemd_scope: stopped") {
  auto const running = stop(Said{}.bytes() + job(2) + removed("/job/1", unit, "done") + Said{bus::Kind::answer, 3}.bytes());
  CHECK(running.failure == "");
  CHECK(running.calls("StopUnit") == 1);
  CHECK(running.calls("ResetFailedUnit") == 1);
  CHECK(stop(refused(2, "org.freedesktop.systemd1.NoSuchUnit", "not loaded") +
             refused(3, "org.freedesktop.systemd1.NoSuchUnit", "not loaded"))
            .failure == "");
  CHECK(stop(refused(2, "org.example.No", "not you")).failure == "StopUnit: not you (org.example.No)");
}

TEST_CASE("systemd_scope: properties that are set") {
  auto const good = set(Said{bus::Kind::answer, 1}.bytes());
  CHECK(good.failure == "");
  CHECK(good.calls("SetUnitProperties") == 1);
  CHECK(good.calls("AddMatch") == 0);
  CHECK(set(refused(1, read_only, "Cannot set property AllowedCPUs, or unknown property.") +
            Said{bus::Kind::answer, 2}.bytes())
            .failure == "");
  CHECK(set(refused(1, "org.example.No", "bad value")).failure == "SetUnitProperties: bad value (org.example.No)");
}

TEST_CASE("systemd_scope: a process is attached") {
  auto const attach = [](std::string const& said) {
    return outcome(said, [](bus::Connection& bus) { return kernel::attach_to_unit(bus, unit, "/batch", 4711), true; });
  };
  auto const good = attach(Said{bus::Kind::answer, 1}.bytes());
  CHECK(good.failure == "");
  CHECK(good.calls("AttachProcessesToUnit") == 1);
  CHECK(good.calls("/batch") == 1);
  CHECK(good.calls(std::string{"\x04\0\0\0\x67\x12\0\0", 8}) == 1);  // one process: 4711
  CHECK(attach(refused(1, "org.example.No", "not yours")).failure == "AttachProcessesToUnit: not yours (org.example.No)");
}
