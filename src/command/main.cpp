#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/command/command.hpp"
#include "orlop/kernel/self_exe.hpp"
#include "version.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace orlop::command {

namespace {

// Engines take the line with the word "version": there is exactly one.
std::string version() { return "orlop version " ORLOP_VERSION "\ncommit: " ORLOP_COMMIT "\nspec: 1.3.0\n"; }

// A caller that closed 0, 1 or 2 would have our next file take its number.
void occupy_stdio() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) open("/dev/null", O_RDWR);
}

Command const& find(std::string_view name) {
  for (auto const& command : command_table())
    if (name == command.name) return command;
  if (name == "checkpoint" || name == "restore")
    throw Error::refusal(concat({name, " is not supported by this version"}));
  throw Error::refusal(concat({"unknown command ", json_quoted(name), ": see orlop --help"}));
}

void check_words(Command const& command, Arguments const& arguments) {
  std::size_t const count = arguments.words().size();
  if (count < command.least_words)
    throw Error::refusal(concat({"missing argument: orlop ", command.name, " ", command.usage}));
  if (count > command.most_words)
    throw Error::refusal(concat({"unexpected argument ", json_quoted(arguments.words()[command.most_words]), ": orlop ",
                                 command.name, " ", command.usage}));
}

log::Level level_of(Arguments const& globals) {
  if (globals.has("debug")) return log::Level::debug;
  std::string word = globals.value("log-level", "warning");
  if (word == "warn") word = "warning";  // as youki spells it, which has one level more
  if (word == "trace") word = "debug";
  for (auto const level : {log::Level::error, log::Level::warning, log::Level::info, log::Level::debug})
    if (word == log::word(level)) return level;
  throw Error::refusal(concat({"unknown log level \"", word, "\" (error, warning, info or debug)"}));
}

unsigned inherited_descriptors() {
  int fd = 3;
  while (fd != kernel::clone_of_start() && fcntl(fd, F_GETFD) >= 0) ++fd;
  return static_cast<unsigned>(fd - 3);
}

void open_log(Arguments const& globals) {
  std::string const format = globals.value("log-format", "text");
  if (format != "text" && format != "json") throw Error::refusal(concat({"unknown log format \"", format, "\" (text or json)"}));
  bool const is_journal = globals.has("systemd-log");
  if (is_journal && globals.has("log")) throw Error::refusal("--log and --systemd-log exclude each other");
  log::open(is_journal ? "journald:" : globals.value("log"), format == "json" ? log::Format::json : log::Format::text,
            level_of(globals));
}

// Its directories would be taken for containers, and "delete --force" removes those.
void check_root(std::string_view root) {
  if (!root.empty() && root.find_first_not_of('/') == root.npos)
    throw Error::refusal("\"/\" cannot hold container state; name another directory with --root");
}

CgroupManager cgroup_manager(Arguments const& globals) {
  bool const is_systemd = globals.has("systemd-cgroup");
  std::string const word = globals.value("cgroup-manager", is_systemd ? "systemd" : "cgroupfs");
  // An engine that wants no cgroup says so behind what it always says.
  if (is_systemd && word == "cgroupfs")
    throw Error::refusal("--systemd-cgroup and --cgroup-manager cgroupfs exclude each other");
  if (word == "cgroupfs") return CgroupManager::cgroupfs;
  if (word == "systemd") return CgroupManager::systemd;
  if (word == "disabled") return CgroupManager::disabled;
  throw Error::refusal(concat({"unknown cgroup manager ", json_quoted(word), " (cgroupfs, systemd or disabled)"}));
}

Arguments arguments_of(Command const& command, std::span<char*> words) {
  Doing const doing{command.name};
  return {words, command.options, command.order};
}

int run_command(Command const& command, std::span<char*> words, Context const& context) {
  Arguments const arguments = arguments_of(command, words.subspan(1));
  if (arguments.has("help")) return print(command_help(command)), 0;
  check_words(command, arguments);
  std::string_view const id = arguments.words().empty() ? std::string_view{} : std::string_view{arguments.words()[0]};
  Doing const doing{command.name, id};
  int const code = command.run(context, arguments);
  log::release_warnings();
  return code;
}

int find_and_run(std::span<char*> words, Context const& context) {
  Command const& command = find(words[0]);
  try {
    return run_command(command, words, context);
  } catch (Error& error) {
    if (error.exit_status() != 1) throw;
    throw std::move(error).with_exit_status(command.failure_status);
  }
}

int run_all(std::span<char*> words, char* const* argv) {
  Arguments const globals{words, global_options(), Order::options_first};
  if (globals.has("help")) return print(global_help()), 0;
  if (globals.has("version")) return print(version()), 0;
  unsigned const inherited = inherited_descriptors();  // before the log is one, too
  open_log(globals);
  check_root(globals.value("root"));
  if (globals.words().empty()) throw Error::refusal("a command is missing: see orlop --help");
  std::string const rootless = globals.value("rootless", "auto");
  return find_and_run(words.subspan(globals.consumed()),
                      {argv, globals.value("root"), rootless, inherited, cgroup_manager(globals)});
}

}  // namespace

}  // namespace orlop::command

namespace {

int run_main(int argc, char** argv) {
  using namespace orlop;
  command::occupy_stdio();
  try {
    return command::run_all({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)}, argv);
  } catch (Error const& error) {
    log::error(error.what(), error.hint());
    return error.exit_status();
  } catch (std::exception const& error) {
    log::error(error.what(), "");
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  int const status = run_main(argc, argv);
#ifdef ORLOP_ENDS_AT_ONCE  // not where exit handlers look for leaks, or write what was covered
  // Nothing is buffered, and nobody waits for a destructor: what exit(3) would write to, the kernel would have to copy first.
  _exit(status);
#endif
  return status;
}
