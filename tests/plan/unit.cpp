// --systemd-cgroup: which unit, where, with which properties; what an update changes of them.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "orlop/base/text.hpp"
#include "orlop/plan/update.hpp"

namespace plan_test {

namespace {

using orlop::plan::Systemd;
using Properties = std::vector<orlop::kernel::UnitProperty>;

orlop::plan::Plan plan_of(oci::Spec const& spec, Systemd systemd = Systemd::system, std::string const& id = "web1") {
  Table::Answers answers;
  answers.cgroup_hierarchies = cgroup_layout("v2");
  answers.unified_controllers = all_controllers();
  answers.grantable_capabilities = all_capabilities();
  answers.manager_cgroup = systemd == Systemd::user ? "/user@1.service" : "";
  Table host{answers};
  orlop::plan::Request request{id, "/srv/bundle"};
  request.systemd = systemd;
  return orlop::plan::make(spec, host, request);
}

std::string text_of(Properties const& properties) {
  std::string text;
  for (auto const& property : properties) {
    text += orlop::concat({text.empty() ? "" : "; ", property.name, " ", property.value.signature});
    for (auto const& word : property.value.words) text += " " + word;
  }
  return text;
}

// "NAME at PATH", or why not.
std::string unit_at(std::string const& cgroups_path, Systemd systemd = Systemd::system, std::string const& id = "web1") {
  oci::Spec spec = base_spec();
  spec.linux_config->cgroups_path = cgroups_path;
  try {
    auto const plan = plan_of(spec, systemd, id);
    CHECK(plan.cgroup.directories.front().path == plan.cgroup.unit->path);
    CHECK(plan.cgroup.born_in() == nullptr);
    return orlop::concat({plan.cgroup.unit->name, " at ", plan.cgroup.unit->path});
  } catch (orlop::plan::Refusal const& refusal) {
    CHECK(refusal.where() == "linux.cgroupsPath");
    return refusal.why();
  }
}

std::string property_of(std::string const& name, std::string const& value) {
  oci::Spec spec = base_spec();
  spec.annotations = {{"org.systemd.property." + name, value}};
  try {
    return text_of({plan_of(spec).cgroup.unit->own.back()});
  } catch (orlop::plan::Refusal const& refusal) {
    CHECK(refusal.where() == orlop::concat({"annotations[\"org.systemd.property.", name, "\"]"}));
    return refusal.why();
  }
}

std::string refusal_of(std::string const& value) {
  std::string const why = property_of("After", value);
  constexpr std::string_view start = " is no value in the text format of GVariant that orlop knows: ";
  auto const begin = why.find(start), end = why.rfind(" (true");
  if (begin == std::string::npos || end == std::string::npos) return why;
  return why.substr(begin + start.size(), end - begin - start.size());
}

std::string limits_of(oci::LinuxResources const& resources) {
  oci::Spec spec = base_spec();
  spec.linux_config->resources = resources;
  auto const unit = *plan_of(spec).cgroup.unit;
  return text_of(unit.limits) + (unit.last_limits.empty() ? "" : " | " + text_of(unit.last_limits));
}

std::string limits_of(char const* file, char const* value) {
  oci::LinuxResources resources;
  resources.unified = {{file, value}};
  return limits_of(resources);
}

}  // namespace

TEST_CASE("unit: name and place") {
  CHECK(unit_at("") == "orlop-web1.scope at /system.slice/orlop-web1.scope");
  CHECK(unit_at("", Systemd::user) == "orlop-web1.scope at /user@1.service/user.slice/orlop-web1.scope");
  CHECK(unit_at(":cri:abc") == "cri-abc.scope at /system.slice/cri-abc.scope");
  CHECK(unit_at(":cri:abc", Systemd::user) == "cri-abc.scope at /user@1.service/user.slice/cri-abc.scope");
  CHECK(unit_at("machine.slice:libpod:abc") == "libpod-abc.scope at /machine.slice/libpod-abc.scope");
  CHECK(unit_at("a-b-c.slice:x:y") == "x-y.scope at /a.slice/a-b.slice/a-b-c.slice/x-y.scope");
  CHECK(unit_at("a\\x2db.slice:x:y") == "x-y.scope at /a\\x2db.slice/x-y.scope");
  CHECK(unit_at("-.slice:x:y") == "x-y.scope at /x-y.scope");
  CHECK(unit_at("a.slice::y") == "-y.scope at /a.slice/-y.scope");
}

TEST_CASE("unit: what names none") {
  std::string const form = " is not of the form SLICE:PREFIX:NAME, as it has to be where systemd makes the cgroup";
  for (char const* const path : {"/web/1", "web", "a.slice:x", "a.slice:x:y:z", "a.slice/x:y"})
    CHECK(unit_at(path) == orlop::json_quoted(path) + form);
  std::string const slice = " is no name of a slice (\"machine.slice\", \"a-b.slice\")";
  for (char const* const name : {"a", ".slice", "a.service", "a/b.slice", "-a.slice", "a-.slice", "a--b.slice", "--.slice", "../x.slice"})
    CHECK(unit_at(orlop::concat({name, ":x:y"})) == orlop::json_quoted(name) + slice);
  CHECK(unit_at("a.slice:x:") == "\"a.slice:x:\" has no name behind its last colon");
  CHECK(unit_at("a.slice:x:y.slice") == "\"y.slice\" is a slice: the unit of a container is a scope");
  std::string const letters = " cannot have this name: letters, digits and : - _ . \\ @ are what systemd takes";
  CHECK(unit_at("a.slice:x:y/z") == "the systemd unit \"x-y/z.scope\"" + letters);
  CHECK(unit_at("a+b.slice:x:y") == "the systemd unit \"a+b.slice\"" + letters);
  CHECK(unit_at("", Systemd::system, "a+b") == "the systemd unit \"orlop-a+b.scope\"" + letters);
  CHECK(unit_at(":x:" + std::string(247, 'y')) == "x-" + std::string(247, 'y') + ".scope at /system.slice/x-" + std::string(247, 'y') + ".scope");
  CHECK(unit_at(":x:" + std::string(248, 'y')) ==
        "the systemd unit x-" + std::string(248, 'y') + ".scope has a name of 256 letters, and 255 are the most");
}

TEST_CASE("unit: without systemd") {
  Table::Answers answers;
  answers.manager_cgroup = "no systemd";
  Table host{answers};
  orlop::plan::Request request{"web1", "/srv/bundle"};
  request.systemd = Systemd::system;
  CHECK_THROWS_WITH(orlop::plan::make(base_spec(), host, request),
                    "systemd cannot make the cgroup: this machine was not booted with it (sd_booted(3))");
}

TEST_CASE("unit: properties of annotations") {
  CHECK(property_of("TimeoutStopUSec", "uint64 123456789") == "TimeoutStopUSec t 123456789");
  CHECK(property_of("TimeoutStopSec", "5") == "TimeoutStopUSec t 5000000");
  CHECK(property_of("TimeoutStopSec", "uint64 18446744073709") == "TimeoutStopUSec t 18446744073709000000");
  CHECK(property_of("CollectMode", "'inactive-or-failed'") == "CollectMode s inactive-or-failed");
  CHECK(property_of("CollectMode", " string \"a 'b' \\\"c\\\" \\\\\" ") == "CollectMode s a 'b' \"c\" \\");
  CHECK(property_of("DefaultDependencies", "true") == "DefaultDependencies b 1");
  CHECK(property_of("SendSIGHUP", "boolean false") == "SendSIGHUP b 0");
  CHECK(property_of("After", "['a.service', \"b.service\"]") == "After as a.service b.service");
  CHECK(property_of("After", "@as []") == "After as");
  CHECK(property_of("After", "[string 'a' , 'b']") == "After as a b");
  CHECK(property_of("Mask", "[byte 0x03, 255]") == "Mask ay 3 255");
  CHECK(property_of("Flags", "@au [1]") == "Flags au 1");
  CHECK(property_of("Level", "-7") == "Level i -7");
  CHECK(property_of("Level", "@x -9223372036854775808") == "Level x -9223372036854775808");
  CHECK(property_of("Level", "uint64 18446744073709551615") == "Level t 18446744073709551615");
  CHECK(property_of("Level", "int16 -32768") == "Level n -32768");
  CHECK(property_of("Level", "-0") == "Level i 0");
}

TEST_CASE("unit: values of annotations that are none") {
  std::string const number = "it is no whole number, true, false, text or array";
  for (char const* const value : {"", "yes", "1.5", "0x", "--1", "uint64", "boolean 1", "string 5", "<'a'>", "(1, 2)", "{'a': 1}", "uint64 'a", "nothing"})
    CHECK((refusal_of(value) == number || refusal_of(value) == "a text is no number"));
  CHECK(refusal_of("uint32 4294967296") == "it does not fit into uint32");
  CHECK(refusal_of("2147483648") == "it does not fit into int32");
  CHECK(refusal_of("-2147483649") == "it does not fit into int32");
  CHECK(refusal_of("uint64 18446744073709551616") == "it does not fit into uint64");
  CHECK(refusal_of("uint64 -1") == "it does not fit into uint64");
  CHECK(refusal_of("byte 256") == "it does not fit into byte");
  CHECK(refusal_of("'a") == "its text does not end");
  CHECK(refusal_of("'a' b") == "there is more behind the value");
  CHECK(refusal_of("'a\nExecStartPost=/bin/x'") == "a text has no control characters");
  CHECK(refusal_of("'a\\nb'") ==
        "of characters that are written with a backslash, only quotes and the backslash itself are taken");
  CHECK(refusal_of("'a\\") ==
        "of characters that are written with a backslash, only quotes and the backslash itself are taken");
  CHECK(refusal_of("[]") == "an empty array has no type of its own (@as [])");
  CHECK(refusal_of("@aas []") == "its type and its value differ");
  CHECK(refusal_of("@av []") == "it is an array of something else");
  CHECK(refusal_of("@s ['a']") == "its type and its value differ");
  CHECK(refusal_of("@as 'a'") == "its type and its value differ");
  CHECK(refusal_of("@t 'a'") == "a text is no number");
  CHECK(refusal_of("['a', 1]") == number);
  CHECK(refusal_of("[1, 'a']") == "a text is no number");
  CHECK(refusal_of("[byte 1, uint64 2]") == "its type and its value differ");
  CHECK(refusal_of("['a' 'b']") == "an array has commas between its values");
  CHECK(refusal_of("['a'") == "an array has commas between its values");
  CHECK(refusal_of("[['a']]") == number);
}

TEST_CASE("unit: names of annotations that are none") {
  CHECK(property_of("", "1") == "\"\" is no name of a property: letters, three at least");
  CHECK(property_of("ab", "1") == "\"ab\" is no name of a property: letters, three at least");
  CHECK(property_of("After\n", "1") == "\"After\\u000a\" is no name of a property: letters, three at least");
  for (char const* const own : {"PIDs", "Slice", "Delegate"}) CHECK(property_of(own, "1") == "is orlop's own to say");
  CHECK(property_of("TimeoutStopSec", "'5s'") == "is a time, in whole seconds from 0 on");
  CHECK(property_of("TimeoutStopSec", "-5") == "is a time, in whole seconds from 0 on");
  CHECK(property_of("TimeoutStopSec", "uint64 18446744073710") == "is a time, in whole seconds from 0 on");
}

TEST_CASE("unit: annotations without systemd are noted") {
  oci::Spec spec = base_spec();
  spec.annotations = {{"org.systemd.property.After", "what it likes"}, {"run.oci.systemd.subgroup", ".."}};
  Table::Answers answers;
  answers.cgroup_hierarchies = cgroup_layout("v2");
  answers.grantable_capabilities = all_capabilities();
  Table host{answers};
  auto const plan = orlop::plan::make(spec, host, {"web1", "/srv/bundle"});
  REQUIRE(plan.notes.size() == 2);
  CHECK(plan.notes[0] == "annotations[\"org.systemd.property.After\"]: passed over: the container is no unit of systemd");
}

TEST_CASE("unit: a cgroup below the unit's") {
  oci::Spec spec = base_spec();
  spec.annotations = {{"run.oci.systemd.subgroup", "a/b"}};
  auto const plan = plan_of(spec);
  CHECK(plan.cgroup.unit->path == "/system.slice/orlop-web1.scope");
  CHECK(plan.cgroup.directories.front().path == "/system.slice/orlop-web1.scope/a/b");
  spec.annotations[0].second = "";
  CHECK(plan_of(spec).cgroup.directories.front().path == "/system.slice/orlop-web1.scope");
  for (char const* const bad : {"/", "/a", "a/", "..", "a/../b", "a//b", "."}) {
    spec.annotations[0].second = bad;
    CHECK_THROWS_WITH(plan_of(spec), orlop::concat({"annotations[\"run.oci.systemd.subgroup\"]: \"", bad, "\" is no path below the unit's cgroup"}));
  }
}

TEST_CASE("unit: limits") {
  CHECK(limits_of("memory.max", "1000000000") == "MemoryMax t 1000000000");
  CHECK(limits_of("memory.max", "max") == "MemoryMax t 18446744073709551615");
  CHECK(limits_of("memory.max", "1000") == " | MemoryMax t 1000");
  CHECK(limits_of("memory.max", "1G") == "");  // the file takes it
  CHECK(limits_of("memory.max", "0") == "");
  CHECK(limits_of("memory.min", "0") == "MemoryMin t 0");
  CHECK(limits_of("pids.max", "0") == "TasksMax t 1");  // systemd takes no 0, and init is one already
  CHECK(limits_of("cpu.idle", "1") == "CPUWeight t 0");
  CHECK(limits_of("cpu.max", "max 50000") == "CPUQuotaPerSecUSec t 18446744073709551615; CPUQuotaPeriodUSec t 50000");
  CHECK(limits_of("cpu.max", "150000") == "CPUQuotaPerSecUSec t 1500000");
  CHECK(limits_of("cpu.max", "1 100000") == "CPUQuotaPerSecUSec t 10000; CPUQuotaPeriodUSec t 100000");
  CHECK(limits_of("cpu.max", "33334 100000") == "CPUQuotaPerSecUSec t 340000; CPUQuotaPeriodUSec t 100000");
  CHECK(limits_of("cpu.max", "5 0") == "CPUQuotaPerSecUSec t 18446744073709551615; CPUQuotaPeriodUSec t 0");
  CHECK(limits_of("cpuset.cpus", "0-3,9") == "AllowedCPUs ay 15 2");
  CHECK(limits_of("cpuset.mems", "") == "");
  CHECK(limits_of("io.weight", "default 200") == "IOWeight t 200");
  CHECK(limits_of("io.weight", "8:0 200") == "IODeviceWeight a(st) /dev/block/8:0 200");
  CHECK(limits_of("io.max", "8:0 rbps=1 wiops=max") ==
        "IOReadBandwidthMax a(st) /dev/block/8:0 1; IOWriteIOPSMax a(st) /dev/block/8:0 18446744073709551615");
  CHECK(limits_of("hugetlb.2MB.max", "5") == "");
}

TEST_CASE("unit: an update, and the way back") {
  oci::Spec const spec = base_spec();
  oci::LinuxResources before, wanted;
  before.memory.emplace().limit = 1 << 30;
  before.cpu.emplace().period = 50000;
  wanted.memory.emplace().limit = 1 << 20;
  wanted.memory->reservation = 5;
  wanted.cpu.emplace().quota = 25000;
  wanted.cpu->cpus = "0";
  wanted.block_io.emplace().throttle_read_bps_device = {{8, 0, 1000}};
  Table::Answers answers;
  answers.cgroup_hierarchies = cgroup_layout("v2");
  answers.unified_controllers = all_controllers();
  answers.manager_cgroup = "";
  Table host{answers};
  auto update = orlop::plan::make_update(spec, before, wanted, host, "web1", Systemd::system);
  CHECK(text_of(update.unit_properties) ==
        "MemoryLow t 5; AllowedCPUs ay 1; IOReadBandwidthMax a(st) /dev/block/8:0 1000; CPUQuotaPerSecUSec t 500000; "
        "CPUQuotaPeriodUSec t 50000; MemoryMax t 1048576");
  CHECK(text_of(update.unit_properties_before) ==
        "MemoryLow t 0; AllowedCPUs ay; IOReadBandwidthMax a(st) /dev/block/8:0 18446744073709551615; "
        "CPUQuotaPerSecUSec t 18446744073709551615; CPUQuotaPeriodUSec t 50000; MemoryMax t 1073741824");
  before.block_io.emplace().weight_device = {{8, 0, 100, {}}};
  wanted = {};
  wanted.block_io.emplace().weight_device = {{8, 16, 200, {}}};
  update = orlop::plan::make_update(spec, before, wanted, host, "web1", Systemd::system);
  CHECK(text_of(update.unit_properties) == "IODeviceWeight a(st) /dev/block/8:16 1920");
  CHECK(text_of(update.unit_properties_before) == "IODeviceWeight a(st); IODeviceWeight a(st) /dev/block/8:0 910");
  before.block_io.reset();
  wanted = {};
  wanted.devices = {{true, "c", 10, 200, "rw"}};
  update = orlop::plan::make_update(spec, before, wanted, host, "web1", Systemd::system);
  CHECK(text_of(update.unit_properties).starts_with("DeviceAllow a(ss); DevicePolicy s strict; DeviceAllow a(ss) /dev/char/10:200 rw char-* m"));
  CHECK(text_of(update.unit_properties_before).starts_with("DeviceAllow a(ss); DevicePolicy s strict; DeviceAllow a(ss) char-* m"));
}

}  // namespace plan_test
