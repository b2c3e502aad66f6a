#include "oci/writer.hpp"

#include <charconv>

#include "utf8.hpp"

namespace oci {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

constexpr bool is_plain(char c) noexcept { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

}  // namespace

void Writer::new_line() {
    if (style_ == Style::compact) return;
    out_ += '\n';
    out_.append(4 * depth_, ' ');
}

void Writer::separate() {
    if (!first_in_container_) out_ += ',';
    first_in_container_ = false;
    if (depth_ > 0) new_line();
}

void Writer::before_value() {
    if (!after_key_) separate();
    after_key_ = false;
}

void Writer::begin(char bracket) {
    before_value();
    out_ += bracket;
    ++depth_;
    first_in_container_ = true;
}

void Writer::end(char bracket) {
    --depth_;
    if (!first_in_container_) new_line();
    out_ += bracket;
    first_in_container_ = false;
}

void Writer::key(std::string_view name) {
    separate();
    quote(name);
    out_ += style_ == Style::compact ? ":" : ": ";
    after_key_ = true;
}

void Writer::literal(std::string_view text) {
    before_value();
    out_ += text;
}

void Writer::string(std::string_view text) {
    before_value();
    quote(text);
}

void Writer::integer(std::int64_t value) {
    char digits[24];
    literal({digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
}

void Writer::integer(std::uint64_t value) {
    char digits[24];
    literal({digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
}

void Writer::quote(std::string_view text) {
    out_ += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out_ += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty()) text.remove_prefix(quote_special(text));
    }
    out_ += '"';
}

// Writes what cannot stand as it is, or one sequence of UTF-8, and returns the bytes it took.
std::size_t Writer::quote_special(std::string_view text) {
    auto const c = static_cast<unsigned char>(text[0]);
    std::size_t const length = utf8_length(text);
    if (c < 0x80) escape(c);
    else out_ += length == 0 ? replacement : text.substr(0, length);
    return length == 0 ? 1 : length;
}

void Writer::escape(unsigned char c) {
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt", digits = "0123456789abcdef";
    out_ += '\\';
    if (auto const at = plain.find(static_cast<char>(c)); at != plain.npos) {
        out_ += letters[at];
        return;
    }
    out_ += "u00";
    out_ += digits[c >> 4];
    out_ += digits[c & 15];
}

}  // namespace oci
