// The options of a command as one table, from which getopt_long(3), --help, the man page's test and the shell
// completion take them. Long names are also taken with one dash ("-no-subreaper"), and flags with a value
// ("--debug=false"), as callers of runc write them.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orlop::command {

struct Option {
  char const* name;              // "bundle"
  char letter = 0;               // 'b'; 0: none
  char const* argument = nullptr;  // "DIR"; nullptr: a flag
  char const* help;
};

// Where options end: at the first other word (global options; run: what follows the id is not ours), or nowhere
// ("kill ID KILL --all").
enum class Order { options_first, anywhere };

class Arguments {
public:
  // Throws Error: unknown option, missing or needless argument.
  Arguments(std::span<char* const> words, std::span<Option const> options, Order order);

  bool has(std::string_view name) const;
  // The last one given; "" or `otherwise` when there is none.
  std::string value(std::string_view name, std::string_view otherwise = {}) const;
  // All that were given, in order.
  std::vector<std::string> values(std::string_view name) const;
  // What is not an option, in order.
  std::vector<std::string> const& words() const { return words_; }
  std::size_t consumed() const { return consumed_; }

private:
  struct Given {
    Option const* option;
    std::string value;
  };
  Given const* find(std::string_view name) const;
  std::vector<Given> given_;
  std::vector<std::string> words_;
  std::size_t consumed_ = 0;
};

// The lines of --help for a table.
std::string option_help(std::span<Option const> options);

}  // namespace orlop::command
