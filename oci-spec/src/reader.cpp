// Document to C++ values, by the types' descriptions. On the normal path it only compares names and copies; the
// path and place of a value are worked out once there is an error to tell.
#include <algorithm>
#include <charconv>
#include <cstring>

#include "oci/json.hpp"

namespace oci {
namespace {

constexpr std::size_t most_notes = 64;

class Reader {
public:
    Reader(Document const& document, Notes* notes) noexcept : document_(document), notes_(notes) {}

    void read(Type const& type, Node const& node, void* value);

private:
    void read_text(Node const& node, void* value);
    void read_number(Node const& node, void* value);
    void read_boolean(Node const& node, void* value);
    void read_integer(Type const& type, Node const& node, void* value);
    void read_word(Type const& type, Node const& node, void* value);
    void read_list(Type const& type, Node const& node, void* value);
    void read_map(Type const& type, Node const& node, void* value);
    void read_object(Type const& type, Node const& node, void* value);
    bool read_member(Member const& member, Node const& node, void* object);
    void expect(Kind kind, Node const& node);
    void note(Node const& key);
    [[noreturn]] void refuse(Node const& node, std::string_view reason);
    [[noreturn]] void refuse_integer(Type const& type, Node const& node);
    [[noreturn]] void refuse_word(Vocabulary const& vocabulary, Node const& node);
    [[noreturn]] void refuse_absence(Node const& object, std::string_view member);

    Document const& document_;
    Notes* notes_;
};

void Reader::read(Type const& type, Node const& node, void* value) {
    switch (type.shape) {
        case Shape::text: return read_text(node, value);
        case Shape::boolean: return read_boolean(node, value);
        case Shape::integer: return read_integer(type, node, value);
        case Shape::number: return read_number(node, value);
        case Shape::word: return read_word(type, node, value);
        case Shape::maybe: return read(*type.element, node, type.make(value, 1));
        case Shape::list: return read_list(type, node, value);
        case Shape::map: return read_map(type, node, value);
        case Shape::object: return read_object(type, node, value);
    }
}

void Reader::read_text(Node const& node, void* value) {
    expect(Kind::string, node);
    static_cast<std::string*>(value)->assign(node.text());
}

void Reader::read_number(Node const& node, void* value) {
    expect(Kind::number, node);
    static_cast<std::string*>(value)->assign(node.text());
}

void Reader::read_boolean(Node const& node, void* value) {
    expect(Kind::boolean, node);
    *static_cast<bool*>(value) = node.text() == "true";
}

// Parsed as 64 bits, kept if it fits into the member: the cut copy must give the same number again.
template <class Wide>
bool fits(std::string_view digits, unsigned bits, Wide& number) noexcept {
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return false;
    unsigned const unused = 64 - bits;
    return static_cast<Wide>(static_cast<Wide>(static_cast<std::uint64_t>(number) << unused) >> unused) == number;
}

template <class Narrow>
void store_as(std::uint64_t number, void* value) noexcept {
    auto const narrow = static_cast<Narrow>(number);
    std::memcpy(value, &narrow, sizeof narrow);
}

void store(std::uint64_t number, std::uint32_t size, void* value) noexcept {
    switch (size) {
        case 1: return store_as<std::uint8_t>(number, value);
        case 2: return store_as<std::uint16_t>(number, value);
        case 4: return store_as<std::uint32_t>(number, value);
        default: return store_as<std::uint64_t>(number, value);
    }
}

void Reader::read_integer(Type const& type, Node const& node, void* value) {
    expect(Kind::number, node);
    std::int64_t negative = 0;
    std::uint64_t natural = 0;
    bool const is_good = type.is_signed ? fits(node.text(), type.size * 8, negative)
                                        : fits(node.text(), type.size * 8, natural);
    if (!is_good) refuse_integer(type, node);
    store(type.is_signed ? static_cast<std::uint64_t>(negative) : natural, type.size, value);
}

void Reader::read_word(Type const& type, Node const& node, void* value) {
    expect(Kind::string, node);
    Vocabulary const& vocabulary = type.vocabulary();
    auto const found = std::find(vocabulary.words.begin(), vocabulary.words.end(), node.text());
    if (found == vocabulary.words.end()) refuse_word(vocabulary, node);
    store(static_cast<std::uint64_t>(found - vocabulary.words.begin()), type.size, value);
}

void Reader::read_list(Type const& type, Node const& node, void* value) {
    expect(Kind::array, node);
    auto* place = static_cast<std::byte*>(type.make(value, node.size()));
    for (Node const* item = node.first(); item != node.end(); item = item->end()) {
        read(*type.element, *item, place);
        place += type.element->size;
    }
}

void Reader::read_map(Type const& type, Node const& node, void* value) {
    expect(Kind::object, node);
    void* const first = type.make(value, node.size());
    std::size_t index = 0;
    for (Node const* key = node.first(); key != node.end(); key = key[1].end()) {
        Entry const entry = type.entry(first, index++);
        entry.key->assign(key->text());
        read(*type.element, key[1], entry.value);
    }
}

// The search starts behind the member found last, for most texts keep the order of the table.
void Reader::read_object(Type const& type, Node const& node, void* value) {
    expect(Kind::object, node);
    std::size_t const count = type.members.size();
    std::uint64_t seen = 0;
    std::size_t next = 0;
    for (Node const* key = node.first(); key != node.end(); key = key[1].end()) {
        std::size_t tried = 0;
        while (tried < count && type.members[next].name != key->text()) {
            next = next + 1 == count ? 0 : next + 1;
            ++tried;
        }
        if (tried == count) note(*key);
        else if (read_member(type.members[next], key[1], value)) seen |= std::uint64_t{1} << next;
    }
    for (std::size_t i = 0; i < count; ++i)
        if (type.members[i].presence == Presence::required && (seen >> i & 1) == 0)
            refuse_absence(node, type.members[i].name);
}

bool Reader::read_member(Member const& member, Node const& node, void* object) {
    bool const is_absent = node.kind() == Kind::null && member.presence != Presence::required;
    if (member.type == nullptr || is_absent) return false;
    read(*member.type, node, member.at(object));
    return true;
}

void Reader::expect(Kind kind, Node const& node) {
    if (node.kind() == kind) return;
    std::string reason = "expected ";
    reason.append(name_of(kind)).append(", found ").append(name_of(node.kind()));
    refuse(node, reason);
}

void Reader::note(Node const& key) {
    if (notes_ == nullptr || notes_->size() >= most_notes) return;
    notes_->push_back({place(document_, key), path(document_, key)});
}

void Reader::refuse(Node const& node, std::string_view reason) {
    throw ParseError(place(document_, node), path(document_, node), reason);
}

std::string range_of(Type const& type) {
    unsigned const unused = 64 - type.size * 8;
    if (!type.is_signed) return "0 to " + std::to_string(UINT64_MAX >> unused);
    return std::to_string(INT64_MIN >> unused) + " to " + std::to_string(INT64_MAX >> unused);
}

void Reader::refuse_integer(Type const& type, Node const& node) {
    std::string shown(node.text().substr(0, 40));
    if (shown.size() < node.text().size()) shown += "...";
    if (node.text().find_first_of(".eE") != std::string_view::npos) refuse(node, "expected an integer, found " + shown);
    refuse(node, shown + " is out of range (" + range_of(type) + ")");
}

void Reader::refuse_word(Vocabulary const& vocabulary, Node const& node) {
    std::string known;
    for (std::string_view const word : vocabulary.words) known.append(known.empty() ? "" : ", ").append(word);
    std::string reason = "unknown ";
    reason.append(vocabulary.noun).append(" ").append(quoted(node.text()));
    refuse(node, reason + " (known: " + known + ')');
}

void Reader::refuse_absence(Node const& object, std::string_view member) {
    std::string where = path(document_, object);
    if (!where.empty()) where += '.';
    throw ParseError(place(document_, object), where.append(member), "required, but missing");
}

}  // namespace

void read(Type const& type, void* value, std::string_view text, std::string_view file_name, Notes* notes) {
    Document const document(text, file_name);
    Reader(document, notes).read(type, document.root(), value);
}

}  // namespace oci
