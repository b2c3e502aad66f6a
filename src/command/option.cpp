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

Option const* by_letter(std::span<Option const> options, char letter) {
  for (auto const& option : options)
    if (letter == option.letter) return &option;
  return nullptr;
}

// As Go's flag package reads them: "-no-subreaper" and "-root=/x" are meant as long options, and so is "-t=false". "-b" and
// "-bDIR" are not.
std::string with_two_dashes(std::string word, std::span<Option const> options) {
  for (auto const& [theirs, ours] : synonyms)
    if (word == theirs && by_name(options, ours)) return concat({"--", ours});
  if (word.size() < 3 || word[0] != '-' || word[1] == '-') return word;
  Option const* const letter = word[2] == '=' ? by_letter(options, word[1]) : nullptr;
  if (letter) return concat({"--", letter->name, std::string_view{word}.substr(2)});
  std::string_view const name = std::string_view{word}.substr(1, word.find('=') - 1);
  return by_name(options, name) ? "-" + word : word;
}

// Whether the word behind this one is its argument.
bool takes_the_next(std::string_view word, std::span<Option const> options) {
  if (word.starts_with("--")) {
    Option const* const option = by_name(options, word.substr(2));
    return option && option->argument;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    Option const* const option = by_letter(options, word[i]);
    if (!option || option->argument) return option && i + 1 == word.size();
  }
  return false;
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
bool is_on(Option const& flag, std::string const& value) {
  if (value.empty() || value == "true" || value == "1" || value == "yes") return true;
  if (value == "false" || value == "0" || value == "no") return false;
  throw Error::refusal(concat({"option --", flag.name, " takes no value but true or false"}));
}

[[noreturn]] void refuse(int what, std::string const& word) {
  if (what == ':') throw Error::refusal(concat({"option ", word, " requires an argument"}));
  throw Error::refusal(concat({"unknown option ", word}));
}

}  // namespace

Arguments::Arguments(std::span<char* const> words, std::span<Option const> options, Order order) {
  std::vector<std::string> rewritten{""};  // the program's name, for getopt
  bool open = true, is_argument = false;
  for (char* const word : words) {
    // Behind "--", or behind the first other word where options come first, nothing is rewritten.
    bool const is_last = std::string_view{word} == "--" || (order == Order::options_first && word[0] != '-');
    if (is_last && !is_argument) open = false;
    rewritten.push_back(open && !is_argument ? with_two_dashes(word, options) : word);
    is_argument = open && !is_argument && takes_the_next(rewritten.back(), options);
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
      refuse(found, is_letter ? std::string{'-', static_cast<char>(optopt)} : std::string{pointers[last()]});
    }
    Option const* option = found >= first_index ? &options[static_cast<std::size_t>(found - first_index)] : nullptr;
    if (!option) option = by_letter(options, static_cast<char>(found));
    std::string value = optarg ? optarg : "";
    if (option->argument || is_on(*option, value)) given_.push_back({option, std::move(value)});
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
