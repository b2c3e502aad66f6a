// RFC 8259 text as a read-only tree with positions. The text must outlive the Document: strings without
// escapes are views of it. Throws ParseError on text that is empty, over 16 MiB, not UTF-8, not JSON, nested
// deeper than 64 levels, or that has a duplicate key, a NUL or half a surrogate pair in a string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace oci {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

// One value. Nodes lie in the order of the text: a container is followed by its elements, an object's value
// by nothing but the next key. Hence iteration is
//     for (Node const* key = object.first(); key != object.end(); key = key[1].end()) use(key->text(), key[1]);
//     for (Node const* item = array.first(); item != array.end(); item = item->end()) use(*item);
class Node {
public:
    Kind kind() const noexcept { return kind_; }

    // A string decoded, a number as written, "true", "false" or "null"; empty for array and object.
    std::string_view text() const noexcept { return {text_, is_container() ? 0 : length_}; }

    // Elements of an array, members of an object; 0 for others.
    std::size_t size() const noexcept { return is_container() ? length_ : 0; }

    Node const* first() const noexcept { return this + 1; }
    Node const* end() const noexcept { return this + span_; }

    // The value of an object's member, or nullptr.
    Node const* find(std::string_view key) const noexcept;

    // Bytes from the start of the text to this value.
    std::size_t offset() const noexcept { return offset_; }

private:
    friend class Builder;
    bool is_container() const noexcept { return kind_ >= Kind::array; }

    char const* text_;
    std::uint32_t offset_;
    std::uint32_t length_;  // of the text, or the number of elements
    std::uint32_t span_;    // nodes in this subtree, itself included
    Kind kind_;
};

class Document {
public:
    static constexpr std::size_t max_bytes = 16u << 20;
    static constexpr std::size_t max_depth = 64;

    // file_name is for messages only.
    Document(std::string_view text, std::string_view file_name);

    Node const& root() const noexcept { return nodes_[0]; }
    std::string_view text() const noexcept { return text_; }
    std::string_view file_name() const noexcept { return file_name_; }

private:
    std::string_view text_;
    std::string_view file_name_;
    std::unique_ptr<Node[]> nodes_;
    std::unique_ptr<char[]> decoded_;  // strings that had escapes
};

// The word of a kind as the messages use it: "string", "object", ...
std::string_view name_of(Kind kind) noexcept;

}  // namespace oci
