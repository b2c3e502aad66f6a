#include "utf8.hpp"

namespace oci {
namespace {

// The second byte carries all that is irregular: the bounds by lead byte of RFC 3629, section 4.
bool second_byte_fits(unsigned char lead, unsigned char second) noexcept {
    switch (lead) {
        case 0xe0: return second >= 0xa0 && second <= 0xbf;
        case 0xed: return second >= 0x80 && second <= 0x9f;
        case 0xf0: return second >= 0x90 && second <= 0xbf;
        case 0xf4: return second >= 0x80 && second <= 0x8f;
        default: return second >= 0x80 && second <= 0xbf;
    }
}

std::size_t length_by_lead(unsigned char lead) noexcept {
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) return 3;
    return lead < 0xf5 ? 4 : 0;
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t const length = length_by_lead(byte(0));
    if (length < 2) return length;
    if (text.size() < length || !second_byte_fits(byte(0), byte(1))) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    return length;
}

std::size_t encode_utf8(char32_t code_point, char* out) noexcept {
    if (code_point < 0x80) {
        out[0] = static_cast<char>(code_point);
        return 1;
    }
    std::size_t const length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    static constexpr unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (std::size_t i = length - 1; i > 0; --i) {
        out[i] = static_cast<char>(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    out[0] = static_cast<char>(leads[length] | code_point);
    return length;
}

}  // namespace oci
