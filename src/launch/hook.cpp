#include "orlop/launch/hook.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/base/path.hpp"
#include "orlop/kernel/attribute.hpp"
#include "orlop/kernel/program.hpp"
#include "orlop/plan/make.hpp"

#include "oci/json.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>

namespace orlop::launch {

namespace {

// A hook begins as a program of the host's does, whoever called us.
void prepare() {
  kernel::reset_signals();
  kernel::set_umask(022);
}

// Scripts look for the words of runc ("error running poststop hook #0") and of crun ("poststop hook failed with exit code").
std::string ending(kernel::ProgramOutcome const& outcome, oci::Hook const& hook, std::string_view kind) {
  if (outcome.end == kernel::ProgramEnd::interrupted) return "was killed, for orlop was interrupted";
  if (outcome.end == kernel::ProgramEnd::timed_out)
    return concat({"did not end within its timeout of ", hook.timeout.value_or(0), " s, and was killed"});
  int const status = outcome.wait_status;
  if (!WIFSIGNALED(status)) return concat({kind, " hook failed with exit code ", WEXITSTATUS(status)});
  char const* const name = sigabbrev_np(WTERMSIG(status));
  return name ? concat({"was killed by SIG", name}) : concat({"was killed by signal ", WTERMSIG(status)});
}

void run_hook(char const* list, std::size_t index, oci::Hook const& hook, std::string_view state, HookSetting const& setting) {
  std::string_view const kind = std::string_view{list}.substr(std::string_view{"hooks."}.size());
  Doing const doing{list, index, hook.path};
  std::string const what = concat({"error running ", kind, " hook #", index});
  Doing const running{what};
  kernel::Program program;
  program.path = hook.path;
  program.args = hook.args;
  program.env = hook.env;
  program.input = state;
  program.directory = setting.directory;
  if (hook.timeout) program.timeout_seconds = static_cast<unsigned>(*hook.timeout);
  program.output = setting.files.output;
  program.errors = setting.files.errors;
  program.interruption = setting.interruption;
  program.prepare = prepare;
  auto const outcome = kernel::run_program(program);
  if (outcome.end == kernel::ProgramEnd::ended && outcome.wait_status == 0) return;
  auto const text = trimmed(outcome.text);
  throw Error::refusal(concat({ending(outcome, hook, kind), text.empty() ? "" : ": ", text.empty() ? "" : json_quoted(text)}));
}

Fd open_file(std::string const& path) {
  if (path.empty()) return {};
  return path::open_host(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0644);
}

void try_hook(std::vector<oci::Hook> const& hooks, std::size_t index, oci::State const& state, HookSetting const& setting) {
  try {
    run_hook("hooks.poststop", index, hooks[index], oci::print(state, oci::Style::compact) + "\n", setting);
  } catch (Error const& error) {
    log::warning(error.what());
  }
}

}  // namespace

oci::State state_of(container::Record const& record, char const* status) {
  oci::State state;
  state.oci_version = record.oci_version;
  state.id = record.id;
  state.status = status;
  state.bundle = record.bundle;
  state.annotations = record.annotations;
  return state;
}

HookFiles open_hook_files(plan::HookOutput const& output) {
  Doing const doing{"hooks"};
  return {open_file(output.stdout_file), open_file(output.stderr_file)};
}

void run_hooks(char const* list, std::vector<oci::Hook> const& hooks, oci::State const& state, HookSetting const& setting) {
  if (hooks.empty()) return;
  std::string const text = oci::print(state, oci::Style::compact) + "\n";
  for (std::size_t i = 0; i < hooks.size(); ++i) run_hook(list, i, hooks[i], text, setting);
}

oci::State hook_state(plan::Hooks const& hooks, char const* status, pid_t pid) {
  oci::State state = hooks.state;
  state.status = status;
  state.pid = pid;
  return state;
}

void run_poststart(container::Record const& record, int interruption) {
  if (!record.hooks || record.hooks->poststart.empty()) return;
  log::debug("running the poststart hooks");
  HookFiles const files = open_hook_files(plan::hook_output(record.annotations));
  oci::State state = state_of(record, "running");
  state.pid = record.init.pid;
  run_hooks("hooks.poststart", record.hooks->poststart, state, {record.bundle, files, interruption});
}

void run_poststop(container::Record const& record) noexcept {
  if (!record.hooks || record.hooks->poststop.empty()) return;
  try {
    log::debug("running the poststop hooks");
    HookFiles files;
    try {
      files = open_hook_files(plan::hook_output(record.annotations));
    } catch (Error const& error) {  // their output is lost, what they clean up is not
      log::warning(error.what());
    }
    oci::State const state = state_of(record, "stopped");
    auto const& hooks = record.hooks->poststop;
    for (std::size_t i = 0; i < hooks.size(); ++i) try_hook(hooks, i, state, {record.bundle, files, -1});
  } catch (std::exception const& error) {
    log::warning(error.what());
  }
}

}  // namespace orlop::launch
