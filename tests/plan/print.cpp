// What plan::text and plan::json promise for every plan; the golden files show the rest.
#include "base_spec.hpp"
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/place.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/namespace.hpp"
#include "orlop/plan/make.hpp"
#include "orlop/plan/print.hpp"

#include <sys/mount.h>

namespace plan_test {

namespace {

using Strings = std::vector<std::string>;

// A plan in which every section has something to say.
orlop::plan::Plan full_plan() {
  orlop::plan::Plan plan;
  plan.id = "web1";
  plan.namespaces = {CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWCGROUP, true, {}, {}};
  plan.cgroup.directories.push_back({cgroup_layout("v2")[0], "/web1"});
  plan.rootfs.last_propagation = MS_SHARED;
  plan.hostname = plan.domainname = "here";
  plan.mounts.resize(1);
  plan.mounts[0].destination = "/data";
  plan.devices.resize(1);
  plan.symlinks.resize(1);
  plan.process.terminal.wanted = true;
  plan.masked_paths = plan.readonly_paths = {"/secret"};
  plan.notes = plan.warnings = {"left out"};
  return plan;
}

// The order in which launch/ does it.
Strings const all_sections{"container",  "bundle",       "cgroup",          "namespaces", "root",     "hostname",
                           "domainname", "mounts",       "devices",         "symlinks",   "terminal", "masked paths",
                           "read-only paths", "root change", "process",     "notes",      "warnings"};

Strings sections_of_text(std::string const& text) {
  Strings sections;
  for (auto const line : orlop::split(text, '\n'))
    if (!line.starts_with(' ')) sections.emplace_back(line.substr(0, line.find(':')));
  return sections;
}

Strings keys_of(oci::Node const& object) {
  Strings keys;
  for (auto const* key = object.first(); key != object.end(); key = key[1].end()) keys.emplace_back(key->text());
  return keys;
}

std::string identifier(std::string key) {
  for (char& c : key)
    if (c == ' ' || c == '-') c = '_';
  return key;
}

std::string const hostile = "a\"b\\c\nnamespaces:\n\x1b[2J\x7f\t\xff";

}  // namespace

TEST_CASE("print: the sections of the text are in the order of doing") {
  CHECK(sections_of_text(orlop::plan::text(full_plan())) == all_sections);
}

TEST_CASE("print: JSON has the same sections, and keys that are identifiers") {
  Strings identifiers;
  for (auto const& section : all_sections) identifiers.push_back(identifier(section));
  std::string const json = orlop::plan::json(full_plan());
  oci::Document const document{json, "plan.json"};
  CHECK(keys_of(document.root()) == identifiers);
}

TEST_CASE("print: the root is entered before it gets its propagation") {
  std::string const json = orlop::plan::json(full_plan());
  oci::Document const document{json, "plan.json"};
  CHECK(keys_of(*document.root().find("root_change")) == Strings{"make_it_read_only", "enter_it_by", "propagation"});
}

TEST_CASE("print: JSON is valid whatever the strings are") {
  auto plan = full_plan();
  plan.process.args = {hostile};
  plan.process.env = {hostile, ""};
  plan.bundle = plan.rootfs.path = plan.mounts[0].destination = plan.mounts[0].source = hostile;
  plan.mounts[0].options = {{hostile, hostile, true}};
  plan.mounts[0].propagation = {MS_SLAVE, MS_SHARED};
  plan.mounts[0].propagation_recursive = {false, true};
  std::string const json = orlop::plan::json(plan);
  oci::Document const document{json, "plan.json"};
  oci::Node const* const args = document.root().find("process")->find("execute");
  CHECK(args->first()->text() == hostile.substr(0, hostile.size() - 1) + "\xef\xbf\xbd");
  CHECK(document.root().find("mounts")->first()->find("propagation")->text() == "slave rshared");
}

TEST_CASE("print: no string can forge a line of the text") {
  auto plan = full_plan();
  plan.process.env = {hostile};
  std::string const text = orlop::plan::text(plan);
  CHECK(sections_of_text(text) == all_sections);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("print: every namespace has its word, in whatever way it is made") {
  auto plan = full_plan();
  plan.namespaces.at_clone = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
                             CLONE_NEWCGROUP | CLONE_NEWTIME;
  std::string const json = orlop::plan::json(plan);
  oci::Document const document{json, "plan.json"};
  CHECK(oci::find(document.root(), "namespaces.made_by_clone3")->text() ==
        "user pid mount uts ipc network cgroup time");
}

template <class Enum, class Set>
void check_words(Set const& set) {
  auto const words = oci::words<Enum>();
  for (std::size_t i = 0; i < words.size(); ++i) {
    INFO(words[i]);
    auto spec = base_spec();
    set(spec, static_cast<Enum>(i));
    Table host{{cgroup_layout("v2"), {}, {}}};
    auto const text = orlop::plan::text(orlop::plan::make(spec, host, {"web1", "/srv/bundle", false}));
    CHECK(text.find(orlop::concat({" ", words[i], " "})) != text.npos);
  }
}

TEST_CASE("print: policies, classes and their flags have the words of the spec") {
  check_words<oci::SchedulerPolicy>([](auto& spec, auto word) {
    spec.process->scheduler = {.policy = word, .runtime = 2000, .deadline = 2000, .period = 2000};
  });
  check_words<oci::SchedulerFlag>([](auto& spec, auto word) { spec.process->scheduler.emplace().flags = {word}; });
  check_words<oci::IoPriorityClass>([](auto& spec, auto word) { spec.process->io_priority.emplace().io_class = word; });
  check_words<oci::MemoryPolicyMode>([](auto& spec, auto word) { spec.linux_config->memory_policy.emplace().mode = word; });
  check_words<oci::MemoryPolicyFlag>([](auto& spec, auto word) { spec.linux_config->memory_policy.emplace().flags = {word}; });
}

TEST_CASE("print: an empty plan is valid JSON, too") {
  std::string const json = orlop::plan::json({});
  oci::Document const document{json, "plan.json"};
  CHECK(document.root().kind() == oci::Kind::object);
}

}  // namespace plan_test
