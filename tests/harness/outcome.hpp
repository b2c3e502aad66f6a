// What a test case has come to so far. One a process: the child of a fork begins with an empty one and sends it back.
#pragma once
#include <string>

namespace harness {

struct Outcome {
  std::string failures;  // the failed assertions, ready to be printed
  std::string skip_reason;
  bool is_skipped = false;
};
Outcome& outcome();

}  // namespace harness
