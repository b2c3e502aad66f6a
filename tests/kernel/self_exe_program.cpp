// Protects its own executable, shows that it still works, says what happened, and waits for the end of its input. "run" is
// one of the words that self_exe_start.cpp looks for.
//
//   PROGRAM run|unprotected [ARGUMENT...]
#include "orlop/base/file.hpp"
#include "orlop/base/text.hpp"
#include "orlop/kernel/self_exe.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <unistd.h>

extern "C" char const __ehdr_start[], _end[];

using namespace orlop;

namespace {

std::string text_made_before_main = "made before main";
std::map<int, std::string> table_made_before_main{{1, "one"}, {2, "two"}};
int counter = 41;
int zeroed[5000];
char const* const relocated[] = {"first", "second"};
thread_local int of_this_thread = 7;

struct Shape {
  virtual ~Shape() = default;
  virtual int corners() const = 0;
};
struct Triangle : Shape {
  int corners() const override { return 3; }
};

int destroyed = 0;
struct Counted {
  ~Counted() { ++destroyed; }
};

[[noreturn]] void throw_deep(int depth) {
  Counted const counted;
  if (depth == 0) throw std::runtime_error{"from below"};
  throw_deep(depth - 1);
}

bool exceptions_work() {
  try {
    throw_deep(5);
  } catch (std::exception const& error) {
    return std::string_view{error.what()} == "from below" && destroyed == 6;
  }
  return false;
}

bool data_works() {
  static std::string const made_now = text_made_before_main + "!";
  std::unique_ptr<Shape> const shape = std::make_unique<Triangle>();
  ++counter;
  zeroed[4999] = counter;
  of_this_thread += zeroed[0];
  table_made_before_main[3] = std::string(100'000, 'x');
  bool const is_zeroed = std::all_of(zeroed, zeroed + 4999, [](int value) { return value == 0; });
  return made_now == "made before main!" && table_made_before_main.at(2) == "two" && counter == 42 && is_zeroed &&
         std::string_view{relocated[1]} == "second" && shape->corners() == 3 && of_this_thread == 7;
}

// Addresses and permissions of our image, neighbours with the same ones joined.
std::string image_permissions() {
  std::string const maps = file::read("/proc/self/maps");
  std::string text, last_permissions;
  std::uintptr_t last_end = 0;
  for (auto const line : split(maps, '\n')) {
    auto const fields = split(line, ' ');
    auto const dash = fields[0].find('-');
    auto const begin = std::strtoull(std::string{fields[0].substr(0, dash)}.c_str(), nullptr, 16);
    auto const end = std::strtoull(std::string{fields[0].substr(dash + 1)}.c_str(), nullptr, 16);
    auto const image_begin = reinterpret_cast<std::uintptr_t>(__ehdr_start),
               image_end = reinterpret_cast<std::uintptr_t>(_end);
    if (end <= image_begin || begin >= image_end) continue;
    if (begin != last_end || fields[1] != last_permissions)
      text += concat({" ", last_end, "\n", begin, " ", fields[1]});
    last_end = end;
    last_permissions = fields[1];
  }
  return concat({text, " ", last_end});
}

char const* yes(bool value) { return value ? "yes" : "no"; }

}  // namespace

int main(int count, char** words) {
  bool const restarted = getenv("SELF_EXE_STARTED");
  setenv("SELF_EXE_STARTED", "1", 1);
  auto const before = image_permissions();
  Fd clone;
  try {
    if (count > 1 && std::string_view{words[1]} == "run") clone = kernel::protect_self_exe(words);
  } catch (std::exception const& error) {
    std::printf("error %s\n", error.what());
    return 1;
  }
  std::printf("clone %s, restarted %s, image %s, exceptions %s, data %s, last %s\n", yes(clone.is_open()),
              yes(restarted), image_permissions() == before ? "same" : "changed", yes(exceptions_work()),
              yes(data_works()), words[count - 1]);
  std::fflush(stdout);
  clone.reset();
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  return exceptions_work() || destroyed == 12 ? 7 : 1;
}
