#include "builder.hpp"

#include <algorithm>
#include <cstring>

#include "utf8.hpp"

namespace oci {
namespace {

constexpr bool is_between_tokens(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',' || c == ':';
}

char32_t four_digits(char const* hex) noexcept {
    char32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        char const c = hex[i];
        value = value * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

char simple_escape(char letter) noexcept {
    switch (letter) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return letter;  // quote, backslash, slash: yajl's lexer lets no other through
    }
}

// The code point of \uXXXX at `at` (its backslash), which moves behind it; a half of a surrogate pair gives 0.
char32_t unicode_escape(char const*& at, char const* end) noexcept {
    char32_t const unit = four_digits(at + 2);
    at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    if (unit > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u') return 0;
    char32_t const low = four_digits(at + 2);
    if (low < 0xdc00 || low > 0xdfff) return 0;
    at += 6;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

}  // namespace

std::size_t Builder::next_token() const noexcept {
    std::size_t start = last_end_;
    while (start < text_.size() && is_between_tokens(text_[start])) ++start;
    return start;
}

Node& Builder::append(Kind kind, std::size_t length) noexcept {
    std::size_t const start = next_token();
    last_end_ = kind == Kind::number ? start + length : yajl_get_bytes_consumed(yajl_);
    Node& node = nodes_[count_++];
    node.kind_ = kind;
    node.offset_ = static_cast<std::uint32_t>(start);
    node.text_ = text_.data() + start;
    node.length_ = static_cast<std::uint32_t>(length);
    node.span_ = 1;
    return node;
}

// The text is taken from the text itself: a number that ends it is in yajl's own memory.
bool Builder::value(Kind kind, std::size_t length) noexcept {
    if (depth_ > 0) ++nodes_[open_[depth_ - 1]].length_;
    append(kind, length);
    return true;
}

bool Builder::key(unsigned char const* chars, std::size_t length) noexcept {
    append(Kind::string, length);
    return keep_text(chars);
}

bool Builder::string(unsigned char const* chars, std::size_t length) noexcept {
    value(Kind::string, length);
    return keep_text(chars);
}

// yajl points into the text unless it had to decode. It decodes half a surrogate pair to "?" or to what is not
// UTF-8, so that is done here.
bool Builder::keep_text(unsigned char const* chars) noexcept {
    Node& node = nodes_[count_ - 1];
    ++node.text_;  // the quote
    if (reinterpret_cast<char const*>(chars) == node.text_) return true;
    std::string_view result;
    if (!decode(node.offset_ + 1, last_end_ - 1, result)) return false;
    node.text_ = result.data();
    node.length_ = static_cast<std::uint32_t>(result.size());
    return true;
}

bool Builder::decode(std::size_t from, std::size_t to, std::string_view& result) noexcept {
    char const* at = text_.data() + from;
    char const* const end = text_.data() + to;
    char* const start = decoded_;
    while (at < end) {
        if (*at != '\\') {
            *decoded_++ = *at++;
        } else if (at[1] != 'u') {
            *decoded_++ = simple_escape(at[1]);
            at += 2;
        } else {
            bool const is_nul = std::memcmp(at, "\\u0000", 6) == 0;
            char32_t const code_point = unicode_escape(at, end);
            if (is_nul) return refuse_node("the string contains a NUL (\\u0000)");
            if (code_point == 0) return refuse_node("the string contains half a surrogate pair");
            decoded_ += encode_utf8(code_point, decoded_);
        }
    }
    result = {start, static_cast<std::size_t>(decoded_ - start)};
    return true;
}

bool Builder::begin(Kind kind) noexcept {
    value(kind, 0);
    if (depth_ == Document::max_depth) {
        reason_ = "nested deeper than 64 levels";
        reason_offset_ = last().offset_;
        return false;
    }
    open_[depth_++] = count_ - 1;
    return true;
}

bool Builder::end() noexcept {
    Node& node = nodes_[open_[--depth_]];
    node.span_ = count_ - open_[depth_];
    last_end_ = yajl_get_bytes_consumed(yajl_);
    return true;
}

bool Builder::refuse_node(std::string_view reason) noexcept {
    reason_ = reason;
    reason_offset_ = last().offset_;
    refused_a_node_ = true;
    // Nothing of the wrong string is shown, and the tree is whole enough to tell the path of its last node.
    nodes_[count_ - 1].length_ = 0;
    close_all();
    return false;
}

void Builder::close_all() noexcept {
    while (depth_ > 0) {
        std::uint32_t const container = open_[--depth_];
        nodes_[container].span_ = count_ - container;
    }
}

// yajl's words without its prefix and line break: "not JSON: invalid char in json text".
bool Builder::refuse_text(yajl_status status) noexcept {
    if (status == yajl_status_client_canceled) return false;  // the reason is ours
    unsigned char* const message = yajl_get_error(yajl_, 0, nullptr, 0);
    std::string_view words = message ? reinterpret_cast<char const*>(message) : "";
    bool const is_lexical = words.starts_with("lexical");
    if (auto const colon = words.find(": "); colon != words.npos) words.remove_prefix(colon + 2);
    while (!words.empty() && (words.back() == '\n' || words.back() == '.')) words.remove_suffix(1);
    bool const is_inside = reason_offset_ < text_.size() && yajl_get_bytes_consumed(yajl_) > 0;
    if (is_inside) reason_offset_ = is_lexical ? bad_char(words) : bad_token();
    keep_reason(words);
    if (message) yajl_free_error(yajl_, message);
    return false;
}

// yajl takes a string that does not end for the end of the text.
bool Builder::ends_here() noexcept {
    std::size_t const rest = text_.find_first_not_of(" \t\n\r", last_end_);
    if (rest == text_.npos) return true;
    keep_reason("trailing garbage");
    reason_offset_ = rest;
    return false;
}

void Builder::keep_reason(std::string_view words) noexcept {
    constexpr std::string_view prefix = "not JSON: ";
    char* const end = std::copy(prefix.begin(), prefix.end(), yajl_words_);
    std::size_t const room = sizeof yajl_words_ - prefix.size();
    char* const stop = std::copy_n(words.data(), std::min(words.size(), room), end);
    reason_ = {yajl_words_, static_cast<std::size_t>(stop - yajl_words_)};
}

// yajl steps back from a character that it does not like, except from one that begins no token.
std::size_t Builder::bad_char(std::string_view words) const noexcept {
    std::size_t const consumed = yajl_get_bytes_consumed(yajl_);
    return words == "invalid char in json text" ? consumed - 1 : consumed;
}

// The token that came where another was due ends where yajl stands now.
std::size_t Builder::bad_token() const noexcept {
    std::size_t const consumed = yajl_get_bytes_consumed(yajl_);
    constexpr std::string_view punctuation = ",:[]{}";
    if (punctuation.find(text_[consumed - 1]) != punctuation.npos) return consumed - 1;
    return next_token();
}

// What yajl hands back as its context.
Builder& Builder::self(void* context) noexcept { return *static_cast<Builder*>(context); }

constexpr yajl_callbacks Builder::make_callbacks() noexcept {
    yajl_callbacks calls{};
    calls.yajl_null = [](void* c) -> int { return self(c).value(Kind::null, 4); };
    calls.yajl_boolean = [](void* c, int is_true) -> int {
        return self(c).value(Kind::boolean, is_true ? 4 : 5);
    };
    calls.yajl_number = [](void* c, char const*, std::size_t length) -> int {
        return self(c).value(Kind::number, length);
    };
    calls.yajl_string = [](void* c, unsigned char const* chars, std::size_t length) -> int {
        return self(c).string(chars, length);
    };
    calls.yajl_map_key = [](void* c, unsigned char const* chars, std::size_t length) -> int {
        return self(c).key(chars, length);
    };
    calls.yajl_start_map = [](void* c) -> int { return self(c).begin(Kind::object); };
    calls.yajl_start_array = [](void* c) -> int { return self(c).begin(Kind::array); };
    calls.yajl_end_map = [](void* c) -> int { return self(c).end(); };
    calls.yajl_end_array = calls.yajl_end_map;
    return calls;
}

bool Builder::build() noexcept {
    static constexpr yajl_callbacks callbacks = make_callbacks();
    yajl_ = yajl_alloc(&callbacks, nullptr, this);
    if (yajl_ == nullptr) {
        reason_ = "out of memory";
        return false;
    }
    yajl_config(yajl_, yajl_dont_validate_strings, 1);  // the survey has, and more strictly
    yajl_status status = yajl_parse(yajl_, reinterpret_cast<unsigned char const*>(text_.data()), text_.size());
    if (status == yajl_status_ok) {
        reason_offset_ = text_.size();
        status = yajl_complete_parse(yajl_);
    }
    bool const built = status == yajl_status_ok ? ends_here() : refuse_text(status);
    yajl_free(yajl_);
    return built;
}

}  // namespace oci
