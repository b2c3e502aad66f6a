#include "orlop/base/error.hpp"
#include "orlop/base/text.hpp"
#include "orlop/command/command.hpp"
#include "completion_scripts.hpp"

namespace orlop::command {

namespace {

constexpr struct {
  std::string_view shell, script;
} scripts[] = {{"bash", bash_script}, {"fish", fish_script}, {"zsh", zsh_script}};

}  // namespace

int completion(Context const&, Arguments const& arguments) {
  auto const& words = arguments.words();
  if (words.empty() != arguments.has("shell"))
    throw Error::refusal(words.empty() ? "the shell is missing (bash, fish or zsh)" : "a shell and --shell exclude each other");
  std::string const shell = words.empty() ? arguments.value("shell") : words[0];
  for (auto const& one : scripts)
    if (one.shell == shell) return print(one.script), 0;
  throw Error::refusal(concat({"unknown shell ", json_quoted(shell), " (bash, fish or zsh)"}));
}

}  // namespace orlop::command
