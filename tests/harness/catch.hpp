// Catch2, version 2.13 or 3, and what version 2 lacks: a test that finds out that it cannot run here.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace harness {

// Ends the test case, which counts as skipped; also from within in_child.
[[noreturn]] void skip(std::string const& reason);
// Skips unless we are root.
void need_root();

}  // namespace harness
