#include "orlop/base/text.hpp"

#include <charconv>

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

std::string json_quoted(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20)
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else
      out += c;
  }
  return out += '"';
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
