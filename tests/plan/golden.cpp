// Golden files, a case each NAME.host in golden/: the pretended host and the command line. What is planned there for
// NAME.json (or for the config that the .host names) is in NAME.text and NAME.plan.json, as plan::text and plan::json
// print it. ORLOP_GOLDEN_UPDATE=1 rewrites those two; read the difference before you commit it.
#include "table.hpp"

#include "harness/catch.hpp"

#include "oci/json.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"
#include "orlop/plan/make.hpp"
#include "orlop/plan/print.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace plan_test {

// The text of a .host file.
struct WithoutCapabilities {
  oci::StringList permitted{}, bounding{};
};
struct HostAnswers {
  std::string cgroup_hierarchies{};                                   // a word of cgroup_layout
  std::optional<oci::StringList> unified_controllers{};
  std::optional<WithoutCapabilities> grantable_capabilities{};        // all but those
  oci::StringList own_namespaces{};                                   // the files that are; absent: not asked for
  std::optional<std::string> own_cgroup{}, obstacle_to_cgroup{}, manager_cgroup{};
  oci::StringList free_cgroups{};                                     // to which there is no obstacle
  std::optional<std::string> resctrl_mount{};
  std::optional<oci::StringList> security_modules{};
  bool filter_flags{};                                                // those of seccomp are known; absent: not asked for
};
// The plan of `exec` in the container of that config; members are options of the command line.
struct ExecWords {
  oci::StringList container_cgroups{}, args{}, env{}, capabilities{}, groups{}, cgroups{};
  std::string user{}, cwd{}, apparmor{}, process_label{};
  bool tty{};
  std::optional<oci::Process> process{};
};
struct HostFile {
  std::string config{};  // absent: NAME.json
  bool no_pivot{};
  std::optional<ExecWords> exec{};
  bool no_new_keyring{}, no_cgroup{}, notify{};
  std::string systemd{};  // "system" or "user": whose manager makes the cgroup
  std::uint32_t caller{};  // uid and gid of an ordinary one
  HostAnswers answers{};
};

}  // namespace plan_test

namespace oci {
using namespace plan_test;
template <> Type const Object<WithoutCapabilities>::type;
template <> Type const Object<HostAnswers>::type;
template <> Type const Object<ExecWords>::type;
template <> Type const Object<HostFile>::type;

namespace {
constexpr auto without_capabilities = table<WithoutCapabilities>(
    optional<&WithoutCapabilities::permitted>("withoutPermitted"),
    optional<&WithoutCapabilities::bounding>("withoutBounding"));
constexpr auto host_answers = table<HostAnswers>(
    optional<&HostAnswers::cgroup_hierarchies>("cgroup_hierarchies"),
    optional<&HostAnswers::unified_controllers>("unified_controllers"),
    optional<&HostAnswers::grantable_capabilities>("grantable_capabilities"),
    optional<&HostAnswers::own_namespaces>("own_namespaces"),
    optional<&HostAnswers::own_cgroup>("own_cgroup"),
    optional<&HostAnswers::obstacle_to_cgroup>("obstacle_to_cgroup"),
    optional<&HostAnswers::free_cgroups>("free_cgroups"),
    optional<&HostAnswers::manager_cgroup>("manager_cgroup"),
    optional<&HostAnswers::resctrl_mount>("resctrl_mount"),
    optional<&HostAnswers::security_modules>("security_modules"),
    optional<&HostAnswers::filter_flags>("filter_flags"));
constexpr auto exec_words = table<ExecWords>(
    optional<&ExecWords::container_cgroups>("containerCgroups"),
    optional<&ExecWords::args>("args"),
    optional<&ExecWords::env>("env"),
    optional<&ExecWords::capabilities>("cap"),
    optional<&ExecWords::groups>("additionalGids"),
    optional<&ExecWords::cgroups>("cgroup"),
    optional<&ExecWords::user>("user"),
    optional<&ExecWords::cwd>("cwd"),
    optional<&ExecWords::apparmor>("apparmor"),
    optional<&ExecWords::process_label>("processLabel"),
    optional<&ExecWords::tty>("tty"),
    optional<&ExecWords::process>("process"));
constexpr auto host_file = table<HostFile>(
    optional<&HostFile::config>("config"),
    optional<&HostFile::no_pivot>("noPivot"),
    optional<&HostFile::exec>("exec"),
    optional<&HostFile::no_new_keyring>("noNewKeyring"),
    optional<&HostFile::notify>("notify"),
    optional<&HostFile::caller>("caller"),
    optional<&HostFile::no_cgroup>("noCgroup"),
    optional<&HostFile::systemd>("systemd"),
    required<&HostFile::answers>("answers"));
}  // namespace

template <> constinit Type const Object<WithoutCapabilities>::type = object_type(without_capabilities);
template <> constinit Type const Object<HostAnswers>::type = object_type(host_answers);
template <> constinit Type const Object<ExecWords>::type = object_type(exec_words);
template <> constinit Type const Object<HostFile>::type = object_type(host_file);
}  // namespace oci

namespace plan_test {

namespace {

namespace fs = std::filesystem;
using orlop::kernel::CapabilitySet;

std::string golden(std::string const& name) { return std::string{GOLDEN} + "/" + name; }

bool is_update() {
  char const* const value = std::getenv("ORLOP_GOLDEN_UPDATE");
  return value && std::string_view{value} == "1";
}

// A misspelt member would be passed over, and the case would show something else than it says.
template <class T>
T parsed(std::string const& name) {
  std::string const text = orlop::file::read(golden(name), oci::Document::max_bytes);
  oci::Notes notes;
  T value = oci::parse<T>(text, name, &notes);
  for (auto const& note : notes) FAIL_CHECK(note.place << ": unknown member " << note.path);
  return value;
}

CapabilitySet all_but(oci::StringList const& names) {
  CapabilitySet set = all_capabilities().permitted;
  for (auto const& name : names) {
    auto const number = orlop::kernel::capability_of(name);
    if (!number) FAIL("no capability " << name);
    set &= ~(CapabilitySet{1} << *number);
  }
  return set;
}

Table::Answers answers_of(HostAnswers const& file) {
  Table::Answers answers;
  if (!file.cgroup_hierarchies.empty()) answers.cgroup_hierarchies = cgroup_layout(file.cgroup_hierarchies);
  answers.unified_controllers = file.unified_controllers;
  if (auto const& without = file.grantable_capabilities)
    answers.grantable_capabilities = {all_but(without->permitted), all_but(without->bounding)};
  if (!file.own_namespaces.empty())
    answers.own_namespaces = {file.own_namespaces.begin(), file.own_namespaces.end()};
  answers.own_cgroup = file.own_cgroup;
  answers.obstacle_to_cgroup = file.obstacle_to_cgroup;
  answers.free_cgroups = {file.free_cgroups.begin(), file.free_cgroups.end()};
  answers.manager_cgroup = file.manager_cgroup;
  answers.resctrl_mount = file.resctrl_mount;
  if (auto const& modules = file.security_modules) answers.security_modules = {modules->begin(), modules->end()};
  if (file.filter_flags) answers.filter_flags = true;
  return answers;
}

// "line 3:", what should stand there, and what does.
std::string difference(std::string const& expected, std::string const& actual) {
  auto const old_lines = orlop::split(expected, '\n'), new_lines = orlop::split(actual, '\n');
  std::size_t i = 0;
  while (i < old_lines.size() && i < new_lines.size() && old_lines[i] == new_lines[i]) ++i;
  auto const line = [&](auto const& lines) { return i < lines.size() ? lines[i] : std::string_view{"(end)"}; };
  return orlop::concat({"line ", i + 1, ":\n- ", line(old_lines), "\n+ ", line(new_lines)});
}

void hold(std::string const& name, std::string const& actual) {
  if (is_update()) orlop::file::replace(golden(name), actual, 0644);
  std::string const expected = fs::exists(golden(name)) ? orlop::file::read(golden(name)) : "";
  if (expected != actual) FAIL_CHECK(name << ", " << difference(expected, actual));
}

orlop::plan::ExecRequest request_of(ExecWords const& words) {
  orlop::plan::ExecRequest request;
  request.id = "web1";
  request.container_cgroups = words.container_cgroups;
  request.cgroups = words.cgroups;
  request.process = words.process;
  request.args = words.args;
  request.env = words.env;
  request.additional_gids = words.groups;
  request.capabilities = words.capabilities;
  request.user = words.user;
  request.cwd = words.cwd;
  request.apparmor = words.apparmor;
  request.process_label = words.process_label;
  request.terminal = words.tty;
  return request;
}

orlop::plan::Request create_request_of(HostFile const& host) {
  orlop::plan::Request request{"web1", "/srv/bundle", host.no_pivot, host.no_new_keyring, host.no_cgroup};
  if (host.notify) request.notify_directory = "/run/orlop/web1/notify";
  if (host.caller) request.caller = {host.caller, host.caller};
  request.is_hosts_root = host.caller == 0;
  request.cgroup_may_lack = host.caller != 0;
  request.may_filter_devices = !host.caller || host.systemd.empty();
  using orlop::plan::Systemd;
  if (!host.systemd.empty()) request.systemd = host.systemd == "user" ? Systemd::user : Systemd::system;
  return request;
}

void run_case(std::string const& name) {
  auto const host = parsed<HostFile>(name + ".host");
  auto const spec = parsed<oci::Spec>(host.config.empty() ? name + ".json" : host.config);
  Table table{answers_of(host.answers)};
  auto const plan = host.exec ? orlop::plan::make_exec(spec, table, request_of(*host.exec))
                              : orlop::plan::make(spec, table, create_request_of(host));
  CHECK(table.questions_asked() == table.questions_answered());
  hold(name + ".text", orlop::plan::text(plan));
  std::string const json = orlop::plan::json(plan);
  CHECK_NOTHROW(oci::Document{json, "plan.json"});
  hold(name + ".plan.json", json);
}

std::vector<std::string> files_ending_in(std::string_view end) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator{GOLDEN, error})
    if (std::string const name = entry.path().filename(); name.ends_with(end))
      names.push_back(name.substr(0, name.size() - end.size()));
  std::sort(names.begin(), names.end());
  return names;
}

// A test case of its own for each file: Catch's macros make one for each function.
class Golden : public Catch::ITestInvoker {
public:
  explicit Golden(std::string name) : name_{std::move(name)} {}
  void invoke() const override { run_case(name_); }

private:
  std::string name_;
};

bool register_cases() {
  for (auto const& name : files_ending_in(".host")) {
    std::string const title = "golden: " + name;
#if CATCH_VERSION_MAJOR >= 3
    Catch::AutoReg{Catch::Detail::make_unique<Golden>(name), CATCH_INTERNAL_LINEINFO, "", {title, ""}};
#else
    Catch::AutoReg{new Golden{name}, CATCH_INTERNAL_LINEINFO, "", {title, ""}};
#endif
  }
  return true;
}
bool const registered = register_cases();

}  // namespace

TEST_CASE("golden: every file belongs to a case") {
  REQUIRE(registered);
  auto const cases = files_ending_in(".host");
  CHECK(cases.size() >= 20);
  CHECK(files_ending_in(".text") == cases);
  CHECK(files_ending_in(".plan.json") == cases);
  std::set<std::string> used;
  for (auto const& name : cases) {
    auto const host = parsed<HostFile>(name + ".host");
    used.insert(host.config.empty() ? name + ".json" : host.config);
  }
  for (auto const& name : files_ending_in(".json"))
    if (!name.ends_with(".plan")) CHECK(used.count(name + ".json") == 1);
}

}  // namespace plan_test
