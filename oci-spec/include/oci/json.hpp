// Reads and prints described structs (members.hpp) as JSON. Throws ParseError on whatever the table does not
// allow: wrong type, integer out of range or with a fraction, missing required member, word outside a closed
// set, and all that Document refuses. null counts as absent. Unknown members are noted and do no harm.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/described.hpp"
#include "oci/members.hpp"
#include "oci/place.hpp"
#include "oci/writer.hpp"

namespace oci {

// Members that no table knows, for the log at debug. The first 64 are kept.
struct Note {
    std::string place;  // "config.json:7:5", of the key
    std::string path;   // "process.nice"
};
using Notes = std::vector<Note>;

void read(Type const& type, void* value, std::string_view text, std::string_view file_name, Notes* notes);
void write(Type const& type, void const* value, Writer& writer);

template <class T>
T parse(std::string_view text, std::string_view file_name, Notes* notes = nullptr) {
    T value{};
    read(*type_of<T>(), &value, text, file_name, notes);
    return value;
}

template <class T>
void write(T const& value, Writer& writer) {
    write(*type_of<T>(), &value, writer);
}

template <class T>
std::string print(T const& value, Style style) {
    Writer writer(style);
    write(value, writer);
    return writer.take();
}

}  // namespace oci
