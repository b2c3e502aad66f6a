// A plan as a tree of words: one description, which both printers (text and JSON) render.
#pragma once
#include "orlop/plan/plan.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orlop::plan {

struct Description {
  enum class Kind { text, plain, list, object };
  Kind kind = Kind::object;
  std::string value;                                          // text: a string; plain: a number, true or false
  std::vector<std::pair<std::string, Description>> members;   // list: the keys are empty

  static Description text(std::string value) { return {Kind::text, std::move(value), {}}; }
  static Description number(std::uint64_t value) { return {Kind::plain, std::to_string(value), {}}; }
  static Description boolean(bool value) { return {Kind::plain, value ? "true" : "false", {}}; }
  static Description list() { return {Kind::list, {}, {}}; }
  static Description texts(std::vector<std::string> const& values);
  Description& add(std::string key, Description member) {
    members.emplace_back(std::move(key), std::move(member));
    return *this;
  }
  Description& add(Description member) { return add({}, std::move(member)); }
};

Description describe(Plan const& plan);

}  // namespace orlop::plan
