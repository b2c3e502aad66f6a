// C++ values to JSON, by the types' descriptions: the mirror of reader.cpp.
#include <cstring>

#include "oci/json.hpp"

namespace oci {
namespace {

template <class Narrow>
std::uint64_t load_as(void const* value) noexcept {
    Narrow narrow;
    std::memcpy(&narrow, value, sizeof narrow);
    return narrow;
}

std::uint64_t load(Type const& type, void const* value) noexcept {
    switch (type.size) {
        case 1: return load_as<std::uint8_t>(value);
        case 2: return load_as<std::uint16_t>(value);
        case 4: return load_as<std::uint32_t>(value);
        default: return load_as<std::uint64_t>(value);
    }
}

std::int64_t load_signed(Type const& type, void const* value) noexcept {
    unsigned const unused = 64 - type.size * 8;
    return static_cast<std::int64_t>(load(type, value) << unused) >> unused;
}

bool is_absent(Type const& type, void const* value) noexcept {
    switch (type.shape) {
        case Shape::text:
        case Shape::number: return static_cast<std::string const*>(value)->empty();
        case Shape::boolean: return !*static_cast<bool const*>(value);
        case Shape::integer: return load(type, value) == 0;
        case Shape::maybe:
        case Shape::list:
        case Shape::map: return type.held(value).count == 0;
        case Shape::word:
        case Shape::object: return false;
    }
    return false;
}

void write_integer(Type const& type, void const* value, Writer& writer) {
    if (type.is_signed) writer.integer(load_signed(type, value));
    else writer.integer(load(type, value));
}

void write_word(Type const& type, void const* value, Writer& writer) {
    auto const words = type.vocabulary().words;
    std::uint64_t const index = load(type, value);
    writer.string(index < words.size() ? words[index] : std::string_view{});
}

void write_maybe(Type const& type, void const* value, Writer& writer) {
    Items const items = type.held(value);
    if (items.count == 0) writer.null();
    else write(*type.element, items.first, writer);
}

void write_list(Type const& type, void const* value, Writer& writer) {
    Items const items = type.held(value);
    writer.begin_array();
    for (std::size_t i = 0; i < items.count; ++i)
        write(*type.element, static_cast<std::byte const*>(items.first) + i * type.element->size, writer);
    writer.end_array();
}

void write_map(Type const& type, void const* value, Writer& writer) {
    Items const items = type.held(value);
    writer.begin_object();
    for (std::size_t i = 0; i < items.count; ++i) {
        Entry const entry = type.entry(items.first, i);
        writer.key(*entry.key);
        write(*type.element, entry.value, writer);
    }
    writer.end_object();
}

void write_object(Type const& type, void const* value, Writer& writer) {
    writer.begin_object();
    for (Member const& member : type.members) {
        if (member.type == nullptr) continue;
        void const* const at = member.at(const_cast<void*>(value));
        if (member.presence == Presence::optional && is_absent(*member.type, at)) continue;
        writer.key(member.name);
        write(*member.type, at, writer);
    }
    writer.end_object();
}

}  // namespace

void write(Type const& type, void const* value, Writer& writer) {
    switch (type.shape) {
        case Shape::text: return writer.string(*static_cast<std::string const*>(value));
        case Shape::boolean: return writer.boolean(*static_cast<bool const*>(value));
        case Shape::integer: return write_integer(type, value, writer);
        case Shape::number: return writer.number(*static_cast<std::string const*>(value));
        case Shape::word: return write_word(type, value, writer);
        case Shape::maybe: return write_maybe(type, value, writer);
        case Shape::list: return write_list(type, value, writer);
        case Shape::map: return write_map(type, value, writer);
        case Shape::object: return write_object(type, value, writer);
    }
}

}  // namespace oci
