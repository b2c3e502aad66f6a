#include "json.hpp"

namespace probe {

void Json::comma() {
    if (!first_)
        out_ += ',';
    first_ = false;
}

void Json::quote(std::string_view value) {
    static constexpr char digits[] = "0123456789abcdef";
    out_ += '"';
    for (char c : value) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else if (byte < 0x20) {
            out_ += "\\u00";
            out_ += digits[byte >> 4];
            out_ += digits[byte & 15];
        } else {
            out_ += c;
        }
    }
    out_ += '"';
}

Json& Json::object() {
    comma();
    out_ += '{';
    closers_ += '}';
    first_ = true;
    return *this;
}

Json& Json::array() {
    comma();
    out_ += '[';
    closers_ += ']';
    first_ = true;
    return *this;
}

Json& Json::close() {
    out_ += closers_.back();
    closers_.pop_back();
    first_ = false;
    return *this;
}

Json& Json::key(std::string_view name) {
    comma();
    quote(name);
    out_ += ':';
    first_ = true;
    return *this;
}

Json& Json::text(std::string_view value) {
    comma();
    quote(value);
    return *this;
}

Json& Json::number(std::int64_t value) {
    comma();
    out_ += std::to_string(value);
    return *this;
}

Json& Json::natural(std::uint64_t value) {
    comma();
    out_ += std::to_string(value);
    return *this;
}

Json& Json::boolean(bool value) {
    comma();
    out_ += value ? "true" : "false";
    return *this;
}

Json& Json::null() {
    comma();
    out_ += "null";
    return *this;
}

}
