// libFuzzer target: any bytes. What is read prints, and what was printed reads to the same value and prints the
// same again; every path leads back; nothing but ParseError is thrown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "oci/json.hpp"

namespace {

template <class T>
void check_round_trip(std::string_view text) {
    T value;
    try {
        oci::Notes notes;
        value = oci::parse<T>(text, "fuzz", &notes);
    } catch (oci::ParseError const&) {
        return;
    }
    std::string const compact = oci::print(value, oci::Style::compact);
    std::string const pretty = oci::print(value, oci::Style::pretty);
    T const again = oci::parse<T>(compact, "compact");
    if (!(again == value) || oci::print(again, oci::Style::pretty) != pretty) std::abort();
    if (!(oci::parse<T>(pretty, "pretty") == value)) std::abort();
}

// Quadratic in the nodes, hence not for large texts.
void check_paths(std::string_view text) {
    if (text.size() > 4096) return;
    try {
        oci::Document const document(text, "fuzz");
        for (oci::Node const* node = &document.root(); node != document.root().end(); ++node)
            oci::place_of(text, "fuzz", oci::path(document, *node));
    } catch (oci::ParseError const&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    check_round_trip<oci::Spec>(text);
    check_round_trip<oci::Process>(text);
    check_round_trip<oci::State>(text);
    check_round_trip<oci::Features>(text);
    check_paths(text);
    return 0;
}
