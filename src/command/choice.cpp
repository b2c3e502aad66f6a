#include "choice.hpp"

#include "orlop/base/error.hpp"
#include "orlop/base/log.hpp"
#include "orlop/container/state_root.hpp"

#include <optional>
#include <regex.h>

namespace orlop::command {

namespace {

// regex(3), extended. A C++ <regex> would add 200 KB.
class Expression {
public:
  explicit Expression(std::string const& text) {
    if (int const code = regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB)) {
      char why[128];
      regerror(code, &compiled_, why, sizeof why);
      throw Error::refusal(concat({"--regex ", json_quoted(text), ": ", why}));
    }
  }
  Expression(Expression const&) = delete;
  Expression& operator=(Expression const&) = delete;
  ~Expression() { regfree(&compiled_); }
  bool matches(std::string const& text) const { return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

private:
  regex_t compiled_{};
};

}  // namespace

void for_each_chosen(Context const& context, Arguments const& arguments, std::function<void(std::string const& id)> const& act) {
  std::string const& word = arguments.words()[0];
  if (!arguments.has("regex")) return act(word);
  Expression const expression{word};
  std::optional<Error> first;
  for (auto const& id : container::container_ids(context.root())) {
    if (!expression.matches(id)) continue;
    try {
      Doing const doing{id};
      act(id);
    } catch (Error const& error) {
      if (first) log::warning(error.what());
      else first = error;
    }
  }
  if (first) throw *first;
}

}  // namespace orlop::command
