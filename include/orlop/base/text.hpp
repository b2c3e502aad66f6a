// Text without iostream and locale: joining, numbers, splitting. Nothing here fails but for memory.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orlop {

// One piece of a joined text: a string or a whole number.
class Piece {
public:
  Piece(std::string_view text) : text_{text} {}
  Piece(char const* text) : text_{text} {}
  Piece(std::string const& text) : text_{text} {}
  Piece(long long number);
  Piece(unsigned long long number);
  Piece(int number) : Piece{static_cast<long long>(number)} {}
  Piece(unsigned number) : Piece{static_cast<unsigned long long>(number)} {}
  Piece(long number) : Piece{static_cast<long long>(number)} {}
  Piece(unsigned long number) : Piece{static_cast<unsigned long long>(number)} {}
  std::string_view view() const { return length_ ? std::string_view{digits_, length_} : text_; }

private:
  std::string_view text_;
  char digits_[24] = {};
  std::size_t length_ = 0;
};

std::string concat(std::initializer_list<Piece> pieces);
std::string octal(unsigned number);
// A JSON string with its quotes. Paths may hold any bytes: one that is no UTF-8 becomes U+FFFD.
std::string json_quoted(std::string_view text);

// Now in UTC as RFC 3339, with seconds or nanoseconds. gmtime(3) would read /etc/localtime for it.
enum class Precision { seconds, nanoseconds };
std::string timestamp(Precision precision);

// The parts of `text` between `separator`s; an empty text has no parts, and a separator at its end begins none.
std::vector<std::string_view> split(std::string_view text, char separator);

// The text without white space at its ends.
std::string_view trimmed(std::string_view text);

// A whole decimal number that fills the text; nothing else (no sign, no space) is taken.
std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace orlop
