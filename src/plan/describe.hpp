// A plan as a tree of words: one description, which both printers (text and JSON) render.
#pragma once
#include "orlop/base/text.hpp"
#include "orlop/plan/plan.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace orlop::plan {

struct DescriptionMember;

struct Description {
  enum class Kind { text, plain, list, object };
  Kind kind = Kind::object;
  std::string value;                                          // text: a string; plain: a number, true or false
  std::vector<DescriptionMember> members;                      // list: the keys are empty

  static Description text(std::string value);
  static Description number(std::uint64_t value);
  static Description boolean(bool value);
  static Description list();
  static Description texts(std::vector<std::string> const& values);
  Description& add(std::string key, Description member);
  Description& add(Description member);
};

struct DescriptionMember {
  std::string key;
  Description value;
};

Description describe(Plan const& plan);
// Adds what is there to the section of the process.
struct FlagWord {
  std::uint64_t flag;
  char const* word;
};
// Those whose flags are set, with spaces between.
template <std::size_t size>
std::string words_of(std::uint64_t flags, FlagWord const (&words)[size], char const* prefix = "") {
  std::string text;
  for (auto const& word : words)
    if (flags & word.flag) text += concat({text.empty() ? "" : " ", prefix, word.word});
  return text;
}

// "rslave"
std::string propagation_text(unsigned long propagation, bool recursive);
Description describe_cgroup(Cgroup const& cgroup);
Description describe_mount(Mount const& mount);
void describe_attributes(Process const& process, Description& section);
Description describe_hooks(Hooks const& hooks);
Description describe_seccomp(Seccomp const& seccomp);

}  // namespace orlop::plan
