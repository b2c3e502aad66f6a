// Turns yajl's events into the flat array of Nodes. Nothing is allocated and nothing is thrown inside the
// callbacks, for yajl is C: the array and the room for decoded strings are large enough before it starts
// (Survey), and a refusal is kept as `reason` and stops yajl.
#pragma once

#include <cstdint>
#include <string_view>

#include <yajl/yajl_parse.h>

#include "oci/document.hpp"

namespace oci {

class Builder {
public:
    Builder(std::string_view text, Node* nodes, char* decoded) noexcept
        : text_(text), nodes_(nodes), decoded_(decoded) {}

    // False: see reason() and reason_offset().
    bool build() noexcept;
    std::string_view reason() const noexcept { return reason_; }
    std::size_t reason_offset() const noexcept { return reason_offset_; }
    // Did the refusal concern the last node, so that it has a path?
    bool refused_a_node() const noexcept { return refused_a_node_; }
    Node const& last() const noexcept { return nodes_[count_ - 1]; }

private:
    static constexpr yajl_callbacks make_callbacks() noexcept;
    static Builder& self(void* context) noexcept;

    bool value(Kind kind, std::size_t length) noexcept;
    bool key(unsigned char const* chars, std::size_t length) noexcept;
    bool string(unsigned char const* chars, std::size_t length) noexcept;
    bool begin(Kind kind) noexcept;
    bool end() noexcept;
    Node& append(Kind kind, std::size_t length) noexcept;
    bool keep_text(unsigned char const* chars) noexcept;
    bool decode(std::size_t from, std::size_t to, std::string_view& result) noexcept;
    bool refuse_node(std::string_view reason) noexcept;
    bool refuse_text(yajl_status status) noexcept;
    bool ends_here() noexcept;
    void close_all() noexcept;
    void keep_reason(std::string_view words) noexcept;
    std::size_t next_token() const noexcept;
    std::size_t bad_char(std::string_view words) const noexcept;
    std::size_t bad_token() const noexcept;

    std::string_view text_;
    Node* nodes_;
    char* decoded_;
    yajl_handle yajl_ = nullptr;
    std::uint32_t count_ = 0;
    std::size_t last_end_ = 0;  // where the token before this one ended
    std::uint32_t open_[Document::max_depth] = {};
    std::size_t depth_ = 0;
    std::string_view reason_;
    std::size_t reason_offset_ = 0;
    bool refused_a_node_ = false;
    char yajl_words_[128];
};

}  // namespace oci
