// The table is that of the host's ps(1), from which the lines of other processes are left out.
#include "orlop/base/error.hpp"
#include "orlop/base/file.hpp"
#include "orlop/command/command.hpp"
#include "orlop/container/container_dir.hpp"
#include "orlop/launch/process_list.hpp"

#include <algorithm>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orlop::command {

namespace {

constexpr std::size_t most_output = 64 * 1024 * 1024;

struct Output {
  int status;
  std::string text, errors;
};

Fd memory_file(char const* name) { return Fd{check(memfd_create(name, MFD_CLOEXEC), "memfd_create", {name})}; }

std::string content(Fd const& fd, char const* name) {
  check(lseek(fd, 0, SEEK_SET), "lseek", {name, 0});
  return file::read(fd, name, most_output);
}

// Its output goes to files, so that nobody has to read while it runs.
Output run_ps(std::vector<std::string> arguments) {
  Fd const out = memory_file("ps output"), errors = memory_file("ps errors");
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  pid_t pid = 0;
  int const code = posix_spawnp(&pid, "ps", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code)
    throw Error{code, call_text("posix_spawnp", {"ps"})}.with_hint("--format json needs no ps program on the host");
  int status = 0;
  check(retry([&] { return waitpid(pid, &status, 0); }), "waitpid", {pid});
  return {status, content(out, "ps output"), content(errors, "ps errors")};
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (auto const part : split(line, ' '))
    if (!part.empty()) fields.push_back(part);
  return fields;
}

std::string filtered(std::string const& text, std::vector<pid_t> const& pids) {
  auto const lines = split(text, '\n');
  auto const titles = lines.empty() ? std::vector<std::string_view>{} : fields_of(lines[0]);
  auto const title = std::find(titles.begin(), titles.end(), "PID");
  if (title == titles.end()) throw Error::refusal("the output of ps has no column PID: its options must not hide it");
  auto const column = static_cast<std::size_t>(title - titles.begin());
  std::string table = concat({lines[0], "\n"});
  for (auto const line : std::span{lines}.subspan(1)) {
    auto const fields = fields_of(line);
    auto const pid = column < fields.size() ? whole_number(fields[column]) : std::nullopt;
    if (pid && std::binary_search(pids.begin(), pids.end(), static_cast<pid_t>(*pid))) table += concat({line, "\n"});
  }
  return table;
}

std::string table(std::vector<pid_t> const& pids, std::vector<std::string> options) {
  if (options.empty()) options.push_back("-ef");
  options.insert(options.begin(), "ps");
  auto const output = run_ps(std::move(options));
  if (output.status == 0) return filtered(output.text, pids);
  std::string const said{trimmed(output.errors)};
  throw Error::refusal(concat({"ps failed: ", said.empty() ? "without a word" : said.substr(0, said.find('\n'))}));
}

std::string json(std::vector<pid_t> const& pids) {
  std::string text;
  for (pid_t const pid : pids) text += concat({text.empty() ? "" : ",", pid});
  return concat({"[", text, "]\n"});
}

}  // namespace

int ps(Context const& context, Arguments const& arguments) {
  std::string const format = arguments.value("format", "table");
  if (format != "table" && format != "json")
    throw Error::refusal(concat({"unknown format \"", format, "\" (table or json)"}));
  auto const& words = arguments.words();
  auto const pids = launch::processes_of(container::ContainerDir::open(context.root(), words[0]));
  print(format == "json" ? json(pids) : table(pids, {words.begin() + 1, words.end()}));
  return 0;
}

}  // namespace orlop::command
