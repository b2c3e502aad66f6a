// One JSON value written piece by piece into a string. Bytes from 0x80 up pass unchanged: the reader decides.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace probe {

class Json {
  public:
    Json& object();
    Json& array();
    Json& close();
    Json& key(std::string_view name);
    Json& text(std::string_view value);
    Json& number(std::int64_t value);
    Json& natural(std::uint64_t value);
    Json& boolean(bool value);
    Json& null();

    [[nodiscard]] const std::string& str() const { return out_; }

  private:
    void comma();
    void quote(std::string_view value);

    std::string out_;
    std::string closers_;
    bool first_ = true;
};

}
