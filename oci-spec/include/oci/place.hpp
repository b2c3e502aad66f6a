// Where a value stands: "config.json:14:9" (line and column count from 1, columns in bytes) and its JSON
// path, "linux.namespaces[2].type". A key that is not a plain name is quoted: linux.sysctl["net.core.x"].
// Nothing here runs unless there is an error to report.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include "oci/document.hpp"

namespace oci {

// what(): "config.json:14:9: linux.namespaces[2].type: unknown namespace "nett"". The path is left out where
// the text is not JSON.
class ParseError : public std::exception {
public:
    ParseError(std::string_view place, std::string_view path, std::string_view reason);
    ~ParseError() override;
    char const* what() const noexcept override { return message_.c_str(); }

private:
    std::string message_;
};

// "config.json:14:9" for a path as messages write it, for an error that policy found later. Where the member
// is absent, the place of the object that lacks it; where the text is not JSON, the file's name alone.
std::string place_of(std::string_view text, std::string_view file_name, std::string_view path);

// The value at a path below `from`, or nullptr. A key with dots may be written plainly or quoted.
Node const* find(Node const& from, std::string_view path);

std::string place(Document const& document, Node const& node);
std::string path(Document const& document, Node const& node);

// The same from an offset alone.
std::string place(std::string_view text, std::string_view file_name, std::size_t offset);

// A string from outside as a message may show it: JSON quotes and escapes, cut when long.
std::string quoted(std::string_view text);

}  // namespace oci
