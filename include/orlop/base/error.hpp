// The one exception of orlop: what was being done (trail), which system call with which arguments, which errno.
// A user reads "create web1: mounts[1] /data: open_tree("/srv/data"): no such file or directory". errno(3).
#pragma once
#include "orlop/base/text.hpp"

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>

namespace orlop {

// What is being done, for as long as the object lives. The pieces are borrowed, and joined only when something fails:
// on the normal path a Doing costs two pointer writes. One chain a process; the child of a clone goes on with a copy.
class Doing {
public:
  explicit Doing(std::string_view what) : Doing{what, no_index, {}} {}
  Doing(std::string_view what, std::string_view detail) : Doing{what, no_index, detail} {}
  Doing(std::string_view list, std::size_t index, std::string_view detail)
      : what_{list}, index_{index}, detail_{detail}, outer_{innermost_} {
    innermost_ = this;
  }
  ~Doing() { innermost_ = outer_; }
  Doing(Doing const&) = delete;
  Doing& operator=(Doing const&) = delete;

  // "create web1: mounts[1] /data": outermost first. Empty outside of all scopes.
  static std::string trail();
  // A child of a clone reports only what it did since: the parent's own trail stands in front of the report.
  static void forget_outer() { innermost_ = nullptr; }

  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);

private:
  std::string_view what_;
  std::size_t index_;
  std::string_view detail_;
  Doing* outer_;
  static inline Doing* innermost_ = nullptr;
};

// An argument of a system call as an error shows it: text in quotes, numbers and words plain.
struct Word {
  std::string_view text;
};
class Argument {
public:
  Argument(Word word) : piece_{word.text} {}
  Argument(std::string_view text) : piece_{text}, quoted_{true} {}
  Argument(char const* text) : Argument{std::string_view{text}} {}
  Argument(std::string const& text) : Argument{std::string_view{text}} {}
  Argument(int number) : piece_{number} {}
  Argument(unsigned number) : piece_{number} {}
  Argument(long number) : piece_{number} {}
  Argument(unsigned long number) : piece_{number} {}
  Argument(unsigned long long number) : piece_{number} {}
  void append_to(std::string& text) const;

private:
  Piece piece_;
  bool quoted_ = false;
};

// open_tree("/srv/data")
std::string call_text(std::string_view name, std::initializer_list<Argument> arguments);

class Error : public std::exception {
public:
  // A failed call: the trail is taken from the open Doing scopes.
  Error(int code, std::string call) : Error{code, std::move(call), Doing::trail()} {}
  // The same with a trail of its own: a report of the other process.
  Error(int code, std::string call, std::string trail);
  // A refusal: no system call failed, the text says it all.
  static Error refusal(std::string text) { return Error{0, std::move(text)}; }

  char const* what() const noexcept override { return text_.c_str(); }
  int code() const { return code_; }
  std::string const& call() const { return call_; }
  std::string const& trail() const { return trail_; }
  std::string const& hint() const { return hint_; }
  Error&& with_hint(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }
  // What the command exits with; 1 unless it was set.
  int exit_status() const { return exit_status_; }
  Error&& with_exit_status(int status) && {
    exit_status_ = status;
    return std::move(*this);
  }
  // The same error seen from further out: "outer: " stands in front.
  Error within(std::string_view outer) const;

private:
  int code_;
  int exit_status_ = 1;
  std::string call_, trail_, hint_, text_;
};

// strerror(3) as Go's programs print it ("no such file or directory"): engines search for these words.
std::string errno_text(int code);

// Throws Error{errno, …}; `check` hands a good result through.
[[noreturn]] void fail(std::string_view name, std::initializer_list<Argument> arguments);
[[noreturn]] void fail(int code, std::string_view name, std::initializer_list<Argument> arguments);
template <class Result>
Result check(Result result, std::string_view name, std::initializer_list<Argument> arguments = {}) {
  if (result < 0) [[unlikely]]
    fail(name, arguments);
  return result;
}

// Runs `call` again for as long as a signal interrupts it.
template <class Call>
auto retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace orlop
