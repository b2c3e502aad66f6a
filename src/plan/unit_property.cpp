// org.systemd.property.NAME: a property of the container's unit, in the text format of GVariant, of which these are
// taken: booleans, whole numbers, texts, and arrays of one of them.
#include "section.hpp"

#include "orlop/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace orlop::plan {

namespace {

struct Type {
  std::string_view word;
  char signature;
  std::int64_t least;
  std::uint64_t most;
};
template <class Number>
constexpr Type number_type(std::string_view word, char signature) {
  using Limits = std::numeric_limits<Number>;
  return {word, signature, static_cast<std::int64_t>(Limits::min()), static_cast<std::uint64_t>(Limits::max())};
}
constexpr Type types[] = {
    {"boolean", 'b', 0, 0},
    {"string", 's', 0, 0},
    number_type<std::uint8_t>("byte", 'y'),
    number_type<std::int16_t>("int16", 'n'),
    number_type<std::uint16_t>("uint16", 'q'),
    number_type<std::int32_t>("int32", 'i'),
    number_type<std::uint32_t>("uint32", 'u'),
    number_type<std::int64_t>("int64", 'x'),
    number_type<std::uint64_t>("uint64", 't'),
};
constexpr char plain_number = 'i';  // of one that does not say what it is

Type const* type_of(char signature) {
  for (auto const& type : types)
    if (type.signature == signature) return &type;
  return nullptr;
}

class Parser {
public:
  Parser(std::string_view text, std::string const& where) : whole_{text}, rest_{text}, where_{where} {}

  bus::Value parse() {
    bus::Value value;
    skip_space();
    std::string given;
    if (take('@')) given = std::string{take_until(' ')};
    if (take('[')) {
      bool const is_array = given.empty() || (given.size() == 2 && given[0] == 'a');
      if (!is_array) refuse("its type and its value differ");
      value.signature = "a";
      value.signature += array(given.empty() ? '\0' : given[1], value.words);
    } else {
      if (given.size() > 1) refuse("its type and its value differ");
      value.signature = std::string{basic(given.empty() ? '\0' : given[0], value.words)};
    }
    skip_space();
    if (!rest_.empty()) refuse("there is more behind the value");
    return value;
  }

private:
  [[noreturn]] void refuse(std::string_view why) const {
    throw Refusal{where_, concat({json_quoted(whole_), " is no value in the text format of GVariant that orlop knows: ", why,
                                  " (true, 'text', uint64 5, ['a', 'b'])"})};
  }

  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view take_until(char c) {
    auto const end = std::min(rest_.find(c), rest_.size());
    auto const part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    skip_space();
    return part;
  }

  std::string_view take_word() {
    std::size_t length = 0;
    auto const is_part = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.' || c == '_';
    };
    while (length < rest_.size() && is_part(rest_[length])) ++length;
    auto const word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

  // The elements' type: given, or that of the first one.
  char array(char type, std::vector<std::string>& words) {
    skip_space();
    if (take(']')) {
      if (!type) refuse("an empty array has no type of its own (@as [])");
      if (!type_of(type)) refuse("it is an array of something else");
      return type;
    }
    for (;;) {
      char const found = basic(type, words);
      if (type && found != type) refuse("an array has values of one type only");
      type = found;
      skip_space();
      if (take(']')) return type;
      if (!take(',')) refuse("an array has commas between its values");
      skip_space();
    }
  }

  // A value that is no array; `type` is what it has to be, if that is known.
  char basic(char type, std::vector<std::string>& words) {
    skip_space();
    if (rest_.starts_with('\'') || rest_.starts_with('"')) {
      if (type && type != 's') refuse("a text is no number");
      words.push_back(text(rest_[0]));
      return 's';
    }
    std::string_view const word = take_word();
    for (auto const& one : types)
      if (word == one.word) {
        if (type && type != one.signature) refuse("its type and its value differ");
        return basic(one.signature, words);
      }
    if (word == "true" || word == "false") {
      if (type && type != 'b') refuse("true and false are no numbers");
      words.emplace_back(word == "true" ? "1" : "0");
      return 'b';
    }
    words.push_back(number(word, type ? type : plain_number));
    return type ? type : plain_number;
  }

  // systemd writes it into a file, a line each: what could begin another one is not taken.
  std::string text(char quote) {
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_[0] != quote) {
      if (take('\\') && !(rest_.starts_with('\\') || rest_.starts_with('\'') || rest_.starts_with('"')))
        refuse("of characters that are written with a backslash, only quotes and the backslash itself are taken");
      char const c = rest_[0];
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) refuse("a text has no control characters");
      text += c;
      rest_.remove_prefix(1);
    }
    if (!take(quote)) refuse("its text does not end");
    return text;
  }

  std::string number(std::string_view word, char signature) const {
    Type const* const type = type_of(signature);
    bool const is_negative = word.starts_with('-');
    std::string_view digits = is_negative || word.starts_with('+') ? word.substr(1) : word;
    bool const is_hex = digits.starts_with("0x");
    if (is_hex) digits.remove_prefix(2);
    std::uint64_t value = 0;
    auto const [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
    if (!type || type->signature == 'b' || type->signature == 's' || end != digits.data() + digits.size() || code == std::errc::invalid_argument)
      refuse("it is no whole number, true, false, text or array");
    bool const fits = code == std::errc{} && (is_negative ? value <= 0 - static_cast<std::uint64_t>(type->least) : value <= type->most);
    if (!fits || (is_negative && type->least == 0 && value)) refuse(concat({"it does not fit into ", type->word}));
    return concat({is_negative && value ? "-" : "", value});
  }

  std::string_view whole_, rest_;
  std::string const& where_;
};

// Some are documented in seconds, and set in microseconds: TimeoutStopSec is TimeoutStopUSec.
void convert_seconds(kernel::UnitProperty& property, std::string const& where) {
  constexpr std::string_view end = "Sec";
  std::string& name = property.name;
  if (!name.ends_with(end) || name.size() == end.size()) return;
  char const before = name[name.size() - end.size() - 1];
  if (before < 'a' || before > 'z') return;
  constexpr std::uint64_t second = 1'000'000;
  // What is no number is too large as well; g++ 12 with -O2 would take an optional for uninitialized here.
  auto const& words = property.value.words;
  std::uint64_t const number = words.size() == 1 ? whole_number(words[0]).value_or(UINT64_MAX) : UINT64_MAX;
  bool const is_number = property.value.signature.size() == 1 && property.value.signature != "s" && property.value.signature != "b";
  if (!is_number || number > UINT64_MAX / second)
    throw Refusal{where, concat({"is a time, in whole seconds from 0 on"})};
  name.replace(name.size() - end.size(), end.size(), "USec");
  property.value = {"t", {std::to_string(number * second)}};
}

}  // namespace

kernel::UnitProperty unit_property(std::string_view name, std::string_view text, std::string const& where) {
  auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.size() < 3 || !std::all_of(name.begin(), name.end(), is_letter))
    throw Refusal{where, concat({json_quoted(name), " is no name of a property: letters, three at least"})};
  for (char const* const own : {"PIDs", "Slice", "Delegate"})
    if (name == own) throw Refusal{where, "is orlop's own to say"};
  kernel::UnitProperty property{std::string{name}, Parser{text, where}.parse()};
  convert_seconds(property, where);
  return property;
}

}  // namespace orlop::plan
