// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace oci {

// Bytes of the sequence at the start of `text` (not empty): 1 to 4, or 0 where it is not UTF-8.
std::size_t utf8_length(std::string_view text) noexcept;

// Writes one code point to `out` (room for 4) and returns its bytes.
std::size_t encode_utf8(char32_t code_point, char* out) noexcept;

}  // namespace oci
