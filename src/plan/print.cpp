#include "orlop/plan/print.hpp"

#include "describe.hpp"

#include "orlop/base/text.hpp"

namespace orlop::plan {

namespace {

using Kind = Description::Kind;

bool is_leaf(Description const& node) { return node.kind == Kind::text || node.kind == Kind::plain; }

// A control character could forge a line, or speak to the terminal: such a value is shown in quotes.
std::string shown(Description const& leaf) {
  for (char const c : leaf.value)
    if (static_cast<unsigned char>(c) < 0x20) return json_quoted(leaf.value);
  return leaf.value;
}

// "key: value" lines, two columns of indent a level; a list of leaves is a line each, a list of objects has "- ".
void put_text(Description const& node, std::string const& indent, std::string& out) {
  for (auto const& [key, member] : node.members) {
    bool const in_list = node.kind == Kind::list;
    if (is_leaf(member)) {
      out += indent + (in_list ? "" : key + ": ") + shown(member) + "\n";
    } else if (in_list) {
      std::string block;
      put_text(member, indent + "  ", block);
      out += indent + "- " + block.substr(indent.size() + 2);
    } else {
      out += indent + key + (member.members.empty() ? ": none\n" : ":\n");
      put_text(member, indent + "  ", out);
    }
  }
}

// JSON keys are identifiers: a space becomes an underscore.
std::string identifier(std::string key) {
  for (char& c : key)
    if (c == ' ' || c == '-') c = '_';
  return key;
}

void put_json(Description const& node, std::string const& indent, std::string& out) {
  if (is_leaf(node)) {
    out += node.kind == Kind::text ? json_quoted(node.value) : node.value;
    return;
  }
  bool const in_list = node.kind == Kind::list;
  out += in_list ? "[" : "{";
  bool first = true;
  for (auto const& [key, member] : node.members) {
    out += first ? "\n" : ",\n";
    first = false;
    out += indent + "    ";
    if (!in_list) out += json_quoted(identifier(key)) + ": ";
    put_json(member, indent + "    ", out);
  }
  if (!first) out += "\n" + indent;
  out += in_list ? "]" : "}";
}

}  // namespace

std::string text(Plan const& plan) {
  std::string out;
  put_text(describe(plan), "", out);
  return out;
}

std::string json(Plan const& plan) {
  std::string out;
  put_json(describe(plan), "", out);
  return out += "\n";
}

}  // namespace orlop::plan
