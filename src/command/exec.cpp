#include "launch.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/container/state_root.hpp"
#include "orlop/kernel/self_exe.hpp"
#include "orlop/kernel/user_namespace.hpp"
#include "orlop/launch/join.hpp"
#include "orlop/launch/supervise.hpp"
#include "orlop/launch/survey.hpp"

#include "oci/json.hpp"

#include <algorithm>
#include <fcntl.h>

namespace orlop::command {

namespace {

constexpr std::size_t most = 16 * 1024 * 1024;

struct ProcessFile {
  std::string name, text;
};

template <class Value>
Value parsed(std::string const& text, std::string const& name) {
  oci::Notes notes;
  try {
    Value value = oci::parse<Value>(text, name, log::is_debug() ? &notes : nullptr);
    for (auto const& note : notes) log::debug(concat({note.place, ": ", note.path, ": unknown member, passed over"}));
    return value;
  } catch (oci::ParseError const& error) {
    throw Error::refusal(error.what());
  }
}

// The option takes a pipe as well ("/dev/stdin", a shell's "<(…)").
ProcessFile read_process(std::string const& path) {
  if (path.empty()) return {};
  Doing const doing{"--process", path};
  Fd const fd = path::open_host(path, O_RDONLY | O_NOCTTY);
  return {path.substr(path.rfind('/') + 1), file::read(fd, path, most)};
}

plan::ExecRequest request_of(Arguments const& arguments) {
  auto const& words = arguments.words();
  plan::ExecRequest request;
  request.id = words[0];
  request.args.assign(words.begin() + 1, words.end());
  request.cgroups = arguments.values("cgroup");
  request.env = arguments.values("env");
  request.additional_gids = arguments.values("additional-gids");
  request.capabilities = arguments.values("cap");
  request.user = arguments.value("user");
  request.cwd = arguments.value("cwd");
  request.apparmor = arguments.value("apparmor");
  request.process_label = arguments.value("process-label");
  request.terminal = arguments.has("tty");
  request.no_new_privileges = arguments.has("no-new-privs");
  return request;
}

// An empty value is a mistake of a script, and would silently mean root.
void check_options(Arguments const& arguments) {
  for (char const* const name : {"user", "cwd", "process"})
    if (arguments.has(name) && arguments.value(name).empty()) throw Error::refusal(concat({"--", name, " is empty"}));
  bool const has_args = arguments.words().size() > 1;
  if (has_args == arguments.has("process"))
    throw Error::refusal(has_args ? "a program and --process exclude each other" : "a program to execute, or --process, is missing");
}

// A refusal is about the process file, about an option, or about the container's own process.
Error error_of(plan::Refusal const& refusal, ProcessFile const& given) {
  constexpr std::string_view prefix = "process.";
  std::string const& where = refusal.where();
  if (given.name.empty() || !where.starts_with(prefix)) return Error::refusal(refusal.what());
  std::string const inner = where.substr(prefix.size());
  return Error::refusal(concat({oci::place_of(given.text, given.name, inner), ": ", inner, ": ", refusal.why()}));
}

// In the user namespace that the system began with, nobody does; an ordinary user's container is never there.
bool may_deny_setgroups(oci::Spec const& spec, container::Record const& record) {
  if (record.owner != 0 || !kernel::is_in_initial_user_namespace()) return true;
  if (!spec.linux_config) return false;
  auto const& all = spec.linux_config->namespaces;
  return std::any_of(all.begin(), all.end(), [](auto const& one) { return one.type == oci::NamespaceKind::user; });
}

plan::Plan make_plan(container::ContainerDir const& container, container::Record const& record, Context const& context,
                     Arguments const& arguments) {
  auto request = request_of(arguments);
  request.descriptors = descriptors_of(context, arguments);
  request.container_cgroups = record.all_cgroups;
  request.rdt_groups = record.rdt_groups;
  if (record.seccomp_listener) request.seccomp_receiver = record.seccomp_listener->path;
  request.rootfs = record.rootfs;
  request.has_ordinary_caller = ordinary_caller().has_value();
  auto const given = read_process(arguments.value("process"));
  if (!given.name.empty()) request.process = parsed<oci::Process>(given.text, given.name);
  auto const spec = parsed<oci::Spec>(container.read_config(), "config.json");
  request.denies_setgroups = may_deny_setgroups(spec, record) && launch::denies_setgroups(record);
  launch::Survey host;
  try {
    return plan::make_exec(spec, host, request);
  } catch (plan::Refusal const& refusal) {
    throw error_of(refusal, given);
  }
}

}  // namespace

int exec(Context const& context, Arguments const& arguments) {
  check_options(arguments);
  container::check_id(arguments.words()[0]);
  Fd spare = kernel::protect_self_exe(context.argv);
  auto const container = container::ContainerDir::open(context.root(), arguments.words()[0]);
  auto const record = container.read_record();
  bool const detach = arguments.has("detach");
  Fd init = launch::hold_init(container, record, arguments.has("ignore-paused"));
  auto const plan = make_plan(container, record, context, arguments);
  launch::JoinOptions const options{arguments.value("pid-file"), arguments.value("console-socket"), arguments.value("pidfd-socket")};
  check_terminal(plan, options.console_socket, detach ? TerminalUse::to_socket : TerminalUse::relayed);
  report_notes(plan);
  launch::SignalGuard signals;
  launch::Join join{plan, record, std::move(init), options, signals, std::move(spare)};
  join.execute();
  log::release_warnings();
  if (!detach) return launch::supervise(join.process(), join.take_terminal(), signals);
  join.process().release();
  return 0;
}

}  // namespace orlop::command
