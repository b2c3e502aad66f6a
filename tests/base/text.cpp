#include "harness/catch.hpp"

#include "orlop/base/text.hpp"

#include <climits>
#include <ctime>
#include <regex>

using namespace orlop;
using Parts = std::vector<std::string_view>;

TEST_CASE("text: pieces are joined, numbers in full") {
  CHECK(concat({}) == "");
  CHECK(concat({"a", std::string{"b"}, std::string_view{"cd", 1}}) == "abc");
  CHECK(concat({-1, " ", 0U, " ", LONG_MIN, " ", ULONG_MAX}) == "-1 0 -9223372036854775808 18446744073709551615");
  CHECK(concat({LLONG_MIN, ULLONG_MAX, INT_MIN, UINT_MAX}) ==
        "-9223372036854775808" "18446744073709551615" "-2147483648" "4294967295");
  CHECK(concat({"", "", "x", ""}) == "x");
}

TEST_CASE("text: a copied piece keeps its own digits") {
  Piece copy{""};
  {
    Piece const number{42};
    copy = number;
  }
  CHECK(copy.view() == "42");
}

TEST_CASE("text: octal has one zero in front") {
  CHECK(octal(0755) == "0755");
  CHECK(octal(07) == "07");
  CHECK(octal(0) == "0");
  CHECK(octal(UINT_MAX) == "037777777777");
}

TEST_CASE("text: a time in UTC, with seconds or nanoseconds") {
  std::regex const seconds{"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"};
  std::regex const nanoseconds{"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{9}Z"};
  CHECK(std::regex_match(timestamp(Precision::seconds), seconds));
  CHECK(std::regex_match(timestamp(Precision::nanoseconds), nanoseconds));
  auto const shown = [] {
    auto const now = std::time(nullptr);
    char text[40];
    return std::string{text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now))};
  };
  std::string const before = shown(), now = timestamp(Precision::seconds), after = shown();
  CHECK(before <= now);
  CHECK(now <= after);
}

TEST_CASE("text: a JSON string") {
  CHECK(json_quoted("") == "\"\"");
  CHECK(json_quoted("a\"b\\c/\n\x01\x1f\x7f") == "\"a\\\"b\\\\c/\\u000a\\u0001\\u001f\x7f\"");
  CHECK(json_quoted(std::string_view{"a\0b", 3}) == "\"a\\u0000b\"");
}

TEST_CASE("text: in a JSON string only well-formed characters pass") {
  std::string const bad = "\xef\xbf\xbd";
  struct {
    std::string bytes, shown;
  } const table[] = {
      {"caf\xc3\xa9 \xff \xc3", "caf\xc3\xa9 " + bad + " " + bad},
      {"\xc2\x80\xdf\xbf", "\xc2\x80\xdf\xbf"},
      {"\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf", "\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf"},
      {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
      {"\xc0\x80", bad + bad},                        // too long for what it says
      {"\xe0\x9f\x80", bad + bad + bad},
      {"\xed\xa0\x80", bad + bad + bad},              // half of a surrogate pair
      {"\xf4\x90\x80\x80", bad + bad + bad + bad},    // behind the last character
      {"\xe2\x82", bad + bad},                        // cut off
      {"\xf0\x9f\x98x", bad + bad + bad + "x"},
      {"\xe2\"\"", bad + "\\\"\\\""},               // a quote is never swallowed
  };
  for (auto const& row : table) CHECK(json_quoted(row.bytes) == "\"" + row.shown + "\"");
}

TEST_CASE("text: split") {
  CHECK(split("", ',') == Parts{});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split("a,b", ',') == Parts{"a", "b"});
  CHECK(split(",a,,b", ',') == Parts{"", "a", "", "b"});
  CHECK(split("line 1\nline 2\n", '\n') == Parts{"line 1", "line 2"});
  CHECK(split(",", ',') == Parts{""});
}

TEST_CASE("text: trimmed") {
  CHECK(trimmed("") == "");
  CHECK(trimmed(" \t\r\n") == "");
  CHECK(trimmed("\n a b\t") == "a b");
  CHECK(trimmed("0-3\n") == "0-3");
  CHECK(trimmed("\tx \r\n") == "x");
}

TEST_CASE("text: whole numbers fill the text") {
  CHECK(whole_number("0") == 0U);
  CHECK(whole_number("007") == 7U);
  CHECK(whole_number("18446744073709551615") == UINT64_MAX);
  for (auto const* bad : {"", " ", "-1", "+1", " 1", "1 ", "1x", "0x10", "18446744073709551616", "1.0", "--1"}) {
    INFO(bad);
    CHECK_FALSE(whole_number(bad));
  }
}
