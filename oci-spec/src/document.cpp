#include "oci/document.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "builder.hpp"
#include "oci/place.hpp"
#include "utf8.hpp"

namespace oci {
namespace {

// What one pass over the text tells before yajl sees it, so that all room is allocated at once.
struct Survey {
    std::size_t nodes = 1;  // at most: each value but the first, and each key, follows one of , : { [
    bool has_escapes = false;
    bool is_blank = true;
    std::size_t stopped = std::string_view::npos;  // at a byte that no JSON text has
};

enum : unsigned char { starts_node = 1, starts_escape = 2, is_ink = 4, is_multibyte = 8, is_forbidden = 16 };

constexpr std::array<unsigned char, 256> classes = [] {
    std::array<unsigned char, 256> table{};
    auto const of = [&table](char c) -> unsigned char& { return table[static_cast<unsigned char>(c)]; };
    // Control characters are refused here: outside of strings yajl takes \v and \f for space.
    for (std::size_t c = 0; c < 0x20; ++c) table[c] = is_forbidden;
    for (std::size_t c = 0x20; c < 0x80; ++c) table[c] = is_ink;
    for (std::size_t c = 0x80; c < 0x100; ++c) table[c] = is_ink | is_multibyte;
    for (char const c : {',', ':', '{', '['}) of(c) |= starts_node;
    for (char const c : {' ', '\t', '\n', '\r'}) of(c) = 0;
    of('\\') |= starts_escape;
    return table;
}();

Survey survey(std::string_view text) noexcept {
    Survey found;
    unsigned char seen = 0;
    for (std::size_t i = 0; i < text.size();) {
        unsigned char const kind = classes[static_cast<unsigned char>(text[i])];
        seen |= kind;
        found.nodes += kind & starts_node;
        std::size_t const length = (kind & is_multibyte) ? utf8_length(text.substr(i, 4)) : 1;
        if (length == 0 || (kind & is_forbidden)) {
            found.stopped = i;
            break;
        }
        i += length;
    }
    found.is_blank = (seen & is_ink) == 0;
    found.has_escapes = (seen & starts_escape) != 0;
    return found;
}

// The second of two equal keys, or nullptr. Quadratic while that is the faster way.
Node const* duplicate_key(Node const& object) {
    constexpr std::size_t few = 24;
    std::array<Node const*, few> near;
    std::vector<Node const*> far(object.size() > few ? object.size() : 0);
    Node const** const keys = far.empty() ? near.data() : far.data();
    std::size_t count = 0;
    for (Node const* key = object.first(); key != object.end(); key = key[1].end()) {
        auto const is_equal = [key](Node const* other) { return other->text() == key->text(); };
        if (far.empty() && std::any_of(keys, keys + count, is_equal)) return key;
        keys[count++] = key;
    }
    if (far.empty()) return nullptr;
    auto const is_before = [](Node const* a, Node const* b) {
        int const order = a->text().compare(b->text());
        return order != 0 ? order < 0 : a < b;
    };
    std::make_heap(far.begin(), far.end(), is_before);  // a quarter of the code of std::sort
    std::sort_heap(far.begin(), far.end(), is_before);
    auto const pair = std::adjacent_find(far.begin(), far.end(),
                                         [](Node const* a, Node const* b) { return a->text() == b->text(); });
    return pair == far.end() ? nullptr : pair[1];
}

}  // namespace

Node const* Node::find(std::string_view key) const noexcept {
    if (kind_ != Kind::object) return nullptr;
    for (Node const* member = first(); member != end(); member = member[1].end())
        if (member->text() == key) return member + 1;
    return nullptr;
}

std::string_view name_of(Kind kind) noexcept {
    static constexpr std::string_view names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[static_cast<std::size_t>(kind)];
}

Document::Document(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {
    auto const refuse = [&](std::size_t offset, std::string_view path, std::string_view reason) {
        throw ParseError(place(text_, file_name_, offset), path, reason);
    };
    if (text.size() > max_bytes) refuse(0, {}, "larger than 16 MiB");
    Survey const found = survey(text);
    if (found.stopped != text.npos) {
        bool const is_multibyte_start = static_cast<unsigned char>(text[found.stopped]) >= 0x80;
        refuse(found.stopped, {}, is_multibyte_start ? "not valid UTF-8" : "not JSON: control character");
    }
    if (found.is_blank) refuse(0, {}, "empty: expected a JSON object");

    nodes_ = std::make_unique_for_overwrite<Node[]>(found.nodes);
    if (found.has_escapes) decoded_ = std::make_unique_for_overwrite<char[]>(text.size());
    Builder builder(text, nodes_.get(), decoded_.get());
    if (!builder.build()) {
        std::string const where = builder.refused_a_node() ? path(*this, builder.last()) : std::string{};
        refuse(builder.reason_offset(), where, builder.reason());
    }
    for (Node const* node = &root(); node != root().end(); ++node) {
        if (node->kind() != Kind::object) continue;
        if (Node const* const key = duplicate_key(*node)) refuse(key->offset(), path(*this, *key), "duplicate key");
    }
}

}  // namespace oci
