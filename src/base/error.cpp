#include "orlop/base/error.hpp"

#include <cctype>
#include <cstring>

namespace orlop {

namespace {

char printable(char c) { return std::iscntrl(static_cast<unsigned char>(c)) ? '?' : c; }

}  // namespace

std::string Doing::trail() {
  std::string text;
  for (Doing const* scope = innermost_; scope; scope = scope->outer_) {
    std::string here{scope->what_};
    if (scope->index_ != no_index) here += concat({"[", scope->index_, "]"});
    if (!scope->detail_.empty()) here += concat({" ", scope->detail_});
    text = text.empty() ? here : concat({here, ": ", text});
  }
  return text;
}

void Argument::append_to(std::string& text) const {
  if (!quoted_) {
    text += piece_.view();
    return;
  }
  text += '"';
  for (char const c : piece_.view()) text += printable(c);
  text += '"';
}

std::string call_text(std::string_view name, std::initializer_list<Argument> arguments) {
  std::string text{name};
  text += '(';
  bool first = true;
  for (Argument const& argument : arguments) {
    if (!first) text += ", ";
    first = false;
    argument.append_to(text);
  }
  text += ')';
  return text;
}

namespace {

std::string joined(std::string_view trail, std::string_view call, int code) {
  std::string text{trail};
  if (!text.empty()) text += ": ";
  text += call;
  if (code) text += concat({": ", errno_text(code)});
  // One line, whatever the caller named its container.
  for (char& c : text) c = printable(c);
  return text;
}

}  // namespace

Error::Error(int code, std::string call, std::string trail)
    : code_{code}, call_{std::move(call)}, trail_{std::move(trail)}, text_{joined(trail_, call_, code_)} {}

Error Error::within(std::string_view outer) const {
  if (outer.empty()) return *this;
  return Error{code_, call_, trail_.empty() ? std::string{outer} : concat({outer, ": ", trail_})}.with_hint(hint_);
}

std::string errno_text(int code) {
  char const* const known = strerrordesc_np(code);
  if (!known) return concat({"errno ", code});
  std::string text{known};
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

void fail(std::string_view name, std::initializer_list<Argument> arguments) { fail(errno, name, arguments); }

void fail(int code, std::string_view name, std::initializer_list<Argument> arguments) {
  throw Error{code, call_text(name, arguments)};
}

}  // namespace orlop
