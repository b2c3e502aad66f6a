// Prints JSON text, RFC 8259, always valid UTF-8: bytes that are not UTF-8 become U+FFFD.
// The caller keeps begin and end in balance and gives a key before each value of an object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace oci {

enum class Style : std::uint8_t {
    compact,  // one line, no spaces
    pretty,   // four spaces a level; no newline at the end
};

class Writer {
public:
    explicit Writer(Style style) noexcept : style_(style) {}

    void begin_object() { begin('{'); }
    void end_object() { end('}'); }
    void begin_array() { begin('['); }
    void end_array() { end(']'); }
    void key(std::string_view name);

    void string(std::string_view text);
    void integer(std::int64_t value);
    void integer(std::uint64_t value);
    // Digits that are a JSON number already.
    void number(std::string_view digits) { literal(digits); }
    void boolean(bool value) { literal(value ? "true" : "false"); }
    void null() { literal("null"); }

    std::string take() noexcept { return std::move(out_); }

private:
    void begin(char bracket);
    void end(char bracket);
    void literal(std::string_view text);
    void before_value();
    void separate();
    void new_line();
    void quote(std::string_view text);
    std::size_t quote_special(std::string_view text);
    void escape(unsigned char c);

    Style style_;
    bool first_in_container_ = true;
    bool after_key_ = false;
    std::size_t depth_ = 0;
    std::string out_;
};

}  // namespace oci
