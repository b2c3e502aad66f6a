#include "orlop/base/text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace orlop {

Piece::Piece(long long number) {
  length_ = static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_);
}

Piece::Piece(unsigned long long number) {
  length_ = static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_);
}

std::string concat(std::initializer_list<Piece> pieces) {
  std::size_t length = 0;
  for (Piece const& piece : pieces) length += piece.view().size();
  std::string text;
  text.reserve(length);
  for (Piece const& piece : pieces) text += piece.view();
  return text;
}

std::string octal(unsigned number) {
  if (number == 0) return "0";
  char digits[16];
  auto const end = std::to_chars(digits, digits + sizeof digits, number, 8).ptr;
  return concat({"0", std::string_view{digits, static_cast<std::size_t>(end - digits)}});
}

namespace {

// The bytes of the UTF-8 character that begins the text; 0 if none does (RFC 3629).
std::size_t character_length(std::string_view text) {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  auto const goes_on = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
  unsigned const first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !goes_on(1)) return 0;
  if (first < 0xe0) return 2;
  bool const too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  bool const no_character = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  if (too_long || no_character || !goes_on(2)) return 0;
  if (first < 0xf0) return 3;
  return goes_on(3) ? 4 : 0;
}

}  // namespace

std::string json_quoted(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    std::size_t const length = character_length(text);
    char const c = text.front();
    auto const byte = static_cast<unsigned char>(c);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20)
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else
      out += text.substr(0, length);
    text.remove_prefix(length ? length : 1);
  }
  return out += '"';
}

std::string timestamp(Precision precision) {
  using namespace std::chrono;
  auto const now = system_clock::now();
  auto const day = floor<days>(now);
  year_month_day const date{day};
  hh_mm_ss const time{floor<nanoseconds>(now - day)};
  char text[48];
  int length = snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                        static_cast<int>(time.seconds().count()));
  auto const rest = static_cast<std::size_t>(length);
  if (precision == Precision::nanoseconds)
    length += snprintf(text + rest, sizeof text - rest, ".%09lld", static_cast<long long>(time.subseconds().count()));
  return std::string{text, static_cast<std::size_t>(length)} + "Z";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    auto const end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace orlop
