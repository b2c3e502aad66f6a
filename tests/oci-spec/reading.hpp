// What the tests of oci-spec share: fixtures as text, and the words of an error.
#pragma once

#include <string>
#include <string_view>

#include "harness/catch.hpp"
#include "oci/json.hpp"

std::string fixture(std::string_view name);

// what() of the ParseError that reading the text as a T ends in; "no error" otherwise.
template <class T = oci::Spec>
std::string error_of(std::string_view text) {
    try {
        oci::parse<T>(text, "config.json");
    } catch (oci::ParseError const& error) {
        return error.what();
    }
    return "no error";
}
