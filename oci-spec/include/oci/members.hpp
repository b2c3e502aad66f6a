// One table of members describes a struct; reader and writer both follow it. To describe one:
//     template <> oci::Type const oci::Object<Record>::type;                            // in the header
//     constexpr auto record = table<Record>(required<&Record::id>("id"), optional<&Record::pid>("pid"));
//     template <> constinit oci::Type const oci::Object<Record>::type = object_type(record);  // in one source file
// A member may be a string, bool, integer, enum that has a vocabulary (words.hpp), another described struct, and
// std::optional, std::vector or Map of these. At most 64 members. Rows are printed in the order of the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "oci/words.hpp"

namespace oci {

struct Type;

enum class Presence : std::uint8_t {
    optional,  // may be absent; not printed while it is absent, empty, false or 0
    always,    // may be absent; always printed
    required,  // its absence is an error; always printed
};

struct Member {
    std::string_view name;
    Type const* type;  // nullptr: a member of the spec that is nothing to us, passed over in silence
    void* (*at)(void* object);
    Presence presence;
};

enum class Shape : std::uint8_t { text, boolean, integer, number, word, maybe, list, map, object };

struct Items {
    void* first;
    std::size_t count;
};

struct Entry {
    std::string* key;
    void* value;
};

// What reader and writer know of a C++ type. Which fields are set depends on the shape.
struct Type {
    Shape shape;
    bool is_signed = false;
    std::uint32_t size;                                      // of one value, in bytes
    Type const* element = nullptr;                           // maybe, list, map
    void* (*make)(void* holder, std::size_t count) = nullptr;  // maybe, list, map: gives the first element
    Items (*held)(void const* holder) = nullptr;             // maybe, list, map
    Entry (*entry)(void* first, std::size_t index) = nullptr;  // map
    std::span<Member const> members{};                       // object
    Vocabulary const& (*vocabulary)() noexcept = nullptr;    // word
};

// Declared for every described struct, defined beside its table.
template <class Struct>
struct Object {
    static Type const type;
};

template <class T>
constexpr Type const* type_of() noexcept;

// ---- the types that need no table ----

inline constexpr Type text_type{.shape = Shape::text, .size = sizeof(std::string)};
// A number with a fraction, kept as its digits: of a struct whose only member is a std::string with them.
inline constexpr Type number_type{.shape = Shape::number, .size = sizeof(std::string)};
inline constexpr Type boolean_type{.shape = Shape::boolean, .size = sizeof(bool)};

template <class Integer>
inline constexpr Type integer_type{
    .shape = Shape::integer, .is_signed = std::is_signed_v<Integer>, .size = sizeof(Integer)};

template <class Enum>
inline constexpr Type word_type{.shape = Shape::word, .size = sizeof(Enum), .vocabulary = &vocabulary<Enum>};

template <class T>
struct Holder;

template <class T>
struct Holder<std::optional<T>> {
    static void* make(void* holder, std::size_t) { return &static_cast<std::optional<T>*>(holder)->emplace(); }
    static Items held(void const* holder) {
        auto& value = *const_cast<std::optional<T>*>(static_cast<std::optional<T> const*>(holder));
        return value ? Items{&*value, 1} : Items{nullptr, 0};
    }
    static constexpr Type type{.shape = Shape::maybe, .size = sizeof(std::optional<T>), .element = type_of<T>(),
                               .make = make, .held = held};
};

template <class T>
struct Holder<std::vector<T>> {
    static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements to point at");
    static void* make(void* holder, std::size_t count) {
        auto& list = *static_cast<std::vector<T>*>(holder);
        list.resize(count);
        return list.data();
    }
    static Items held(void const* holder) {
        auto& list = *const_cast<std::vector<T>*>(static_cast<std::vector<T> const*>(holder));
        return {list.data(), list.size()};
    }
    static constexpr Type type{.shape = Shape::list, .size = sizeof(std::vector<T>), .element = type_of<T>(),
                               .make = make, .held = held};
};

template <class T>
struct Holder<std::vector<std::pair<std::string, T>>> {
    using Pairs = std::vector<std::pair<std::string, T>>;
    static void* make(void* holder, std::size_t count) {
        auto& map = *static_cast<Pairs*>(holder);
        map.resize(count);
        return map.data();
    }
    static Items held(void const* holder) {
        auto& map = *const_cast<Pairs*>(static_cast<Pairs const*>(holder));
        return {map.data(), map.size()};
    }
    static Entry entry(void* first, std::size_t index) {
        auto& pair = static_cast<std::pair<std::string, T>*>(first)[index];
        return {&pair.first, &pair.second};
    }
    static constexpr Type type{.shape = Shape::map, .size = sizeof(Pairs), .element = type_of<T>(),
                               .make = make, .held = held, .entry = entry};
};

template <class T>
inline constexpr bool is_holder = false;
template <class T>
inline constexpr bool is_holder<std::optional<T>> = true;
template <class T>
inline constexpr bool is_holder<std::vector<T>> = true;

template <class T>
constexpr Type const* type_of() noexcept {
    if constexpr (std::is_same_v<T, std::string>) return &text_type;
    else if constexpr (std::is_same_v<T, bool>) return &boolean_type;
    else if constexpr (std::is_integral_v<T>) return &integer_type<T>;
    else if constexpr (std::is_enum_v<T>) return &word_type<T>;
    else if constexpr (is_holder<T>) return &Holder<T>::type;
    else return &Object<T>::type;
}

// ---- tables ----

template <auto Pointer>
struct Pointed;

template <class S, class T, T S::*Pointer>
struct Pointed<Pointer> {
    using Struct = S;
    using Value = T;
    static void* at(void* object) { return &(static_cast<S*>(object)->*Pointer); }
};

template <class Struct>
struct MemberOf {
    Member member;
};

struct Skipped {
    std::string_view name;
    template <class Struct>
    constexpr operator MemberOf<Struct>() const noexcept {
        return {Member{name, nullptr, nullptr, Presence::optional}};
    }
};

template <auto Pointer>
constexpr auto row(std::string_view name, Presence presence) noexcept {
    using P = Pointed<Pointer>;
    return MemberOf<typename P::Struct>{Member{name, type_of<typename P::Value>(), &P::at, presence}};
}

template <auto Pointer>
constexpr auto required(std::string_view name) noexcept { return row<Pointer>(name, Presence::required); }

template <auto Pointer>
constexpr auto optional(std::string_view name) noexcept { return row<Pointer>(name, Presence::optional); }

template <auto Pointer>
constexpr auto always(std::string_view name) noexcept { return row<Pointer>(name, Presence::always); }

constexpr Skipped skipped(std::string_view name) noexcept { return {name}; }

template <class Struct, std::size_t count>
struct Table {
    static_assert(count <= 64, "the reader marks the members it has seen in 64 bits");
    std::array<Member, count> members;
};

template <class Struct, class... Rows>
constexpr auto table(Rows... rows) noexcept {
    return Table<Struct, sizeof...(Rows)>{{MemberOf<Struct>(rows).member...}};
}

template <class Struct, std::size_t count>
constexpr Type object_type(Table<Struct, count> const& table) noexcept {
    return {.shape = Shape::object, .size = sizeof(Struct), .members = table.members};
}

}  // namespace oci
