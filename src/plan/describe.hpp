// A plan as a tree of words: one description, which both printers (text and JSON) render.
#pragma once
#include "orlop/plan/plan.hpp"

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
void describe_attributes(Process const& process, Description& section);
Description describe_hooks(Hooks const& hooks);
Description describe_seccomp(Seccomp const& seccomp);

}  // namespace orlop::plan
