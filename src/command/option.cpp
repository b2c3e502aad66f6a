#include "orlop/command/option.hpp"

#include "orlop/base/error.hpp"

#include <getopt.h>

namespace orlop::command {

namespace {

constexpr int first_index = 256;  // above every letter

Option const* by_name(std::span<Option const> options, std::string_view name) {
  for (auto const& option : options)
    if (name == option.name) return &option;
  return nullptr;
}

// What crun has beside -h and -v.
constexpr struct {
  char const *theirs, *ours;
} synonyms[] = {{"-?", "help"}, {"--usage", "help"}, {"-V", "version"}};

// "-no-subreaper" and "-root=/x" are meant as long options; "-b" and "-bDIR" are not.
std::string with_two_dashes(std::string word, std::span<Option const> options) {
  for (auto const& [theirs, ours] : synonyms)
    if (word == theirs && by_name(options, ours)) return concat({"--", ours});
  if (word.size() < 3 || word[0] != '-' || word[1] == '-') return word;
  std::string_view const name = std::string_view{word}.substr(1, word.find('=') - 1);
  return by_name(options, name) ? "-" + word : word;
}

std::vector<option> long_table(std::span<Option const> options) {
  std::vector<option> table;
  int index = first_index;
  for (auto const& one : options) table.push_back({one.name, one.argument ? required_argument : optional_argument, nullptr, index++});
  table.push_back({});
  return table;
}

std::string letters(std::span<Option const> options, Order order) {
  std::string text = order == Order::options_first ? "+:" : ":";
  for (auto const& one : options)
    if (one.letter) (text += one.letter) += one.argument ? ":" : "";
  return text;
}

// "true" and "false" as Go's flag package takes them; "" is a flag that was just given.
bool is_on(std::string_view who, Option const& flag, std::string const& value) {
  if (value.empty() || value == "true" || value == "1" || value == "yes") return true;
  if (value == "false" || value == "0" || value == "no") return false;
  throw Error::refusal(concat({who, ": option --", flag.name, " takes no value but true or false"}));
}

[[noreturn]] void refuse(std::string_view who, int what, std::string const& word) {
  if (what == ':') throw Error::refusal(concat({who, ": option ", word, " requires an argument"}));
  throw Error::refusal(concat({who, ": unknown option ", word}));
}

}  // namespace

Arguments::Arguments(std::string_view who, std::span<char* const> words, std::span<Option const> options, Order order) {
  std::vector<std::string> rewritten{std::string{who}};
  bool open = true;
  for (char* const word : words) {
    // Behind "--", or behind the first other word where options come first, nothing is rewritten.
    if (open && (std::string_view{word} == "--" || (order == Order::options_first && word[0] != '-'))) open = false;
    rewritten.push_back(open ? with_two_dashes(word, options) : word);
  }
  std::vector<char*> pointers;
  for (auto& word : rewritten) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int const count = static_cast<int>(rewritten.size());
  auto const table = long_table(options);
  std::string const short_options = letters(options, order);
  auto const last = [] { return static_cast<std::size_t>(optind - 1); };  // the word that was looked at last
  opterr = 0;
  optind = 0;  // glibc: start anew
  for (int found; (found = getopt_long(count, pointers.data(), short_options.c_str(), table.data(), nullptr)) != -1;) {
    if (found == '?' || found == ':') {
      bool const is_letter = optopt > 0 && optopt < first_index && !std::string_view{pointers[last()]}.starts_with("--");
      refuse(who, found, is_letter ? std::string{'-', static_cast<char>(optopt)} : std::string{pointers[last()]});
    }
    Option const* option = found >= first_index ? &options[static_cast<std::size_t>(found - first_index)] : nullptr;
    for (auto const& one : options)
      if (!option && one.letter == found) option = &one;
    std::string value = optarg ? optarg : "";
    if (option->argument || is_on(who, *option, value)) given_.push_back({option, std::move(value)});
  }
  consumed_ = last();
  for (std::size_t i = last() + 1; i < rewritten.size(); ++i) words_.emplace_back(pointers[i]);
}

Arguments::Given const* Arguments::find(std::string_view name) const {
  for (auto given = given_.rbegin(); given != given_.rend(); ++given)
    if (given->option->name == name) return &*given;
  return nullptr;
}

bool Arguments::has(std::string_view name) const { return find(name); }

std::string Arguments::value(std::string_view name, std::string_view otherwise) const {
  auto const* const given = find(name);
  return given ? given->value : std::string{otherwise};
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  std::vector<std::string> all;
  for (auto const& given : given_)
    if (given.option->name == name) all.push_back(given.value);
  return all;
}

std::string option_help(std::span<Option const> options) {
  std::string text;
  for (auto const& one : options) {
    std::string left = one.letter ? concat({"  -", std::string_view{&one.letter, 1}, ", --", one.name}) : concat({"      --", one.name});
    if (one.argument) left += concat({" ", one.argument});
    left.resize(std::max<std::size_t>(left.size() + 2, 32), ' ');
    text += concat({left, one.help, "\n"});
  }
  return text;
}

}  // namespace orlop::command
