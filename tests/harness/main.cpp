// The main function of every test program.
//
//   PROGRAM [NAME...]      a test case runs when its name contains one of the words
//
// A line a test case, "N passed, N failed, N skipped" at the end. Exit status: 1 if one failed, 2 if none was found.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include "catch.hpp"

#include "leftover.hpp"
#include "outcome.hpp"

#include <chrono>
#include <cstdio>
#include <unistd.h>
#include <vector>

namespace harness {

Outcome& outcome() {
  static Outcome one;
  return one;
}

void skip(std::string const& reason) {
  outcome().is_skipped = true;
  outcome().skip_reason = reason;
  throw Catch::TestFailureException{};  // both versions of Catch end a test case so, without counting a failure
}

void need_root() {
  if (geteuid() != 0) skip("needs root");
}

namespace {

#if CATCH_VERSION_MAJOR >= 3
using ReporterBase = Catch::StreamingReporterBase;
using Cleared = void;
#else
template <class Derived>
using ReporterBaseOf = Catch::StreamingReporterBase<Derived>;
using Cleared = bool;
#endif

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
};
Counts counts;

std::string indented(std::string const& text) {
  std::string out = "    ";
  for (char const c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n";
}

std::string detail_of(Catch::AssertionStats const& stats) {
  auto const& result = stats.assertionResult;
  auto const place = result.getSourceInfo();
  std::string text = std::string{place.file} + ":" + std::to_string(place.line) + ": ";
  if (result.hasExpression()) {
    text += std::string{result.getExpressionInMacro()};
    if (result.hasExpandedExpression()) text += "\n  is " + std::string{result.getExpandedExpression()};
  }
  if (result.hasMessage()) text += (result.hasExpression() ? "\n  " : "") + std::string{result.getMessage()};
  for (auto const& info : stats.infoMessages)
    if (info.type == Catch::ResultWas::Info) text += "\n  with " + info.message;
  return indented(text);
}

#if CATCH_VERSION_MAJOR >= 3
struct Lines : ReporterBase {
#else
struct Lines : ReporterBaseOf<Lines> {
#endif
  using StreamingReporterBase::StreamingReporterBase;
  static std::string getDescription() { return "a line a test case"; }

  void testCaseStarting(Catch::TestCaseInfo const& info) override {
    StreamingReporterBase::testCaseStarting(info);
    name_ = info.name;
    begin_ = std::chrono::steady_clock::now();
    outcome() = {};
  }

  void assertionStarting(Catch::AssertionInfo const&) override {}

  Cleared assertionEnded(Catch::AssertionStats const& stats) override {
    if (!stats.assertionResult.isOk()) outcome().failures += detail_of(stats);
    return Cleared(true);
  }

  void testCaseEnded(Catch::TestCaseStats const& stats) override {
    std::chrono::duration<double> const time = std::chrono::steady_clock::now() - begin_;
    end_leftover_children();
    print(stats.totals.assertions.failed > 0, time.count());
    StreamingReporterBase::testCaseEnded(stats);
  }

  void testRunEnded(Catch::TestRunStats const& stats) override {
    std::printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
    std::fflush(stdout);
    StreamingReporterBase::testRunEnded(stats);
  }

private:
  void print(bool failed, double seconds) {
    if (failed) {
      ++counts.failed;
      std::printf("FAIL %s %.3fs\n%s", name_.c_str(), seconds, outcome().failures.c_str());
    } else if (outcome().is_skipped) {
      ++counts.skipped;
      std::printf("skip %s: %s\n", name_.c_str(), outcome().skip_reason.c_str());
    } else {
      ++counts.passed;
      std::printf("ok %s %.3fs\n", name_.c_str(), seconds);
    }
    std::fflush(stdout);
  }

  std::string name_;
  std::chrono::steady_clock::time_point begin_;
};

CATCH_REGISTER_REPORTER("lines", Lines)

// Catch's pattern for "a name that contains one of the words".
std::string pattern_of(int count, char** words) {
  std::string pattern;
  for (int i = 0; i < count; ++i) {
    pattern += pattern.empty() ? "*" : ",*";
    for (char const* c = words[i]; *c; ++c) {
      if (*c == ',' || *c == '[' || *c == '"' || *c == '\\') pattern += '\\';
      pattern += *c;
    }
    pattern += '*';
  }
  return pattern;
}

}  // namespace
}  // namespace harness

int main(int count, char** words) {
  harness::adopt_orphans();
  std::string const pattern = harness::pattern_of(count - 1, words + 1);
  std::vector<char const*> arguments{words[0], "--reporter", "lines", "--order", "decl"};
  if (!pattern.empty()) arguments.push_back(pattern.c_str());
  Catch::Session session;
  if (int const bad = session.applyCommandLine(static_cast<int>(arguments.size()), arguments.data())) return bad;
  int const failed = session.run();
  auto const& [passed_count, failed_count, skipped_count] = harness::counts;
  if (passed_count + failed_count + skipped_count == 0) {
    std::fputs("no test case has such a name\n", stderr);
    return 2;
  }
  return failed != 0 && failed_count == 0 ? 2 : failed_count != 0;
}
