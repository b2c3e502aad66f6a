#include "oci/place.hpp"

#include <algorithm>

#include "oci/writer.hpp"

namespace oci {
namespace {

// Long enough for any path or option a person wrote; a message stays a line.
constexpr std::size_t longest_shown = 120;

bool is_plain_name(std::string_view key) noexcept {
    auto const letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    return !key.empty() && key.size() <= longest_shown && letter(key[0]) &&
           std::all_of(key.begin(), key.end(), [&](char c) { return letter(c) || digit(c); });
}

void add_key(std::string& path, std::string_view key) {
    if (!is_plain_name(key)) {
        path += '[' + quoted(key) + ']';
        return;
    }
    if (!path.empty()) path += '.';
    path += key;
}

void add_index(std::string& path, std::size_t index) { path += '[' + std::to_string(index) + ']'; }

bool holds(Node const& container, Node const& node) noexcept {
    return &container <= &node && &node < container.end();
}

// One step from an object or array towards a node below it.
Node const* step_into(Node const& container, Node const& target, std::string& path) {
    if (container.kind() == Kind::object) {
        Node const* key = container.first();
        while (key != &target && key + 1 != container.end() && !holds(key[1], target)) key = key[1].end();
        add_key(path, key->text());
        return key == &target ? key : key + 1;
    }
    std::size_t index = 0;
    Node const* item = container.first();
    for (; !holds(*item, target); item = item->end()) ++index;
    add_index(path, index);
    return item;
}

// Length of the segment that names `key` at the start of `path`, 0 if it does not. A segment ends where the path
// ends or the next one begins, so that "a" does not match "ab".
std::size_t segment_length(std::string_view path, std::string_view key) {
    auto const ends_at = [&](std::size_t at) { return at == path.size() || path[at] == '.' || path[at] == '['; };
    std::size_t const dot = !path.empty() && path[0] == '.' ? 1 : 0;
    if (path.substr(dot).starts_with(key) && !key.empty() && ends_at(dot + key.size())) return dot + key.size();
    std::string const bracketed = '[' + quoted(key) + ']';
    return path.starts_with(bracketed) ? bracketed.size() : 0;
}

// Follows one segment. The longest key wins, so that "a.b" may be one key with a dot in it.
Node const* follow_key(Node const& object, std::string_view& path) {
    Node const* found = nullptr;
    std::size_t longest = 0;
    for (Node const* key = object.first(); key != object.end(); key = key[1].end()) {
        std::size_t const length = segment_length(path, key->text());
        if (length <= longest) continue;
        longest = length;
        found = key + 1;
    }
    path.remove_prefix(longest);
    return found;
}

Node const* follow_index(Node const& array, std::string_view& path) {
    std::size_t index = 0;
    for (Node const* item = array.first(); item != array.end(); item = item->end()) {
        std::string const segment = '[' + std::to_string(index++) + ']';
        if (!path.starts_with(segment)) continue;
        path.remove_prefix(segment.size());
        return item;
    }
    return nullptr;
}

// As far as the path leads; what it could not follow is left in `path`.
Node const& follow(Node const& from, std::string_view& path) {
    Node const* node = &from;
    while (!path.empty()) {
        Node const* const next = node->kind() == Kind::object  ? follow_key(*node, path)
                                 : node->kind() == Kind::array ? follow_index(*node, path)
                                                               : nullptr;
        if (next == nullptr) break;
        node = next;
    }
    return *node;
}

}  // namespace

ParseError::ParseError(std::string_view place, std::string_view path, std::string_view reason) : message_(place) {
    message_ += ": ";
    if (!path.empty()) message_.append(path).append(": ");
    message_ += reason;
}

ParseError::~ParseError() = default;

std::string place(std::string_view text, std::string_view file_name, std::size_t offset) {
    std::string_view const before = text.substr(0, offset);
    auto const line = 1 + std::count(before.begin(), before.end(), '\n');
    std::size_t const line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return std::string(file_name) + ':' + std::to_string(line) + ':' + std::to_string(before.size() - line_start + 1);
}

std::string place(Document const& document, Node const& node) {
    return place(document.text(), document.file_name(), node.offset());
}

std::string path(Document const& document, Node const& node) {
    std::string result;
    for (Node const* at = &document.root(); at != &node;) at = step_into(*at, node, result);
    return result;
}

Node const* find(Node const& from, std::string_view path) {
    Node const& node = follow(from, path);
    return path.empty() ? &node : nullptr;
}

std::string place_of(std::string_view text, std::string_view file_name, std::string_view path) {
    try {
        Document const document(text, file_name);
        return place(document, follow(document.root(), path));
    } catch (ParseError const&) {
        return std::string(file_name);
    }
}

std::string quoted(std::string_view text) {
    bool const is_long = text.size() > longest_shown;
    Writer writer(Style::compact);
    writer.string(text.substr(0, longest_shown));
    std::string result = writer.take();
    if (is_long) result.insert(result.size() - 1, "...");
    return result;
}

}  // namespace oci
