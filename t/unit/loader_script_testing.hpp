// Shared by the unit tests of loader/script/: parameters, and nodes and expressions
// as short texts. Include it before loader_testing.hpp.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/node.hpp"
#include "model/api_definition.hpp"

namespace tablegate::loader::testing {

// "id:LONG ids:LONG_LIST": optional parameters.
inline std::vector<RequestParameter> script_parameters(std::string_view text) {
  std::vector<RequestParameter> out;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    RequestParameter parameter;
    parameter.name = one.substr(0, one.find(':'));
    parameter.type = one.substr(one.find(':') + 1);
    parameter.required = false;
    if (parameter.type.find("_LIST") != std::string::npos) parameter.comparison = Comparison::in;
    out.push_back(std::move(parameter));
  }
  return out;
}

// In the form of Lisp: (and (!= p0 null) (> (length p1) 3))
inline std::string words(const core::Expression& expression) {
  static const char* const kSigns[] = {"==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"};
  using Kind = core::Expression::Kind;
  std::string kind(core::expression_kind_name(expression.kind));
  switch (expression.kind) {
    case Kind::null:
      return kind;
    case Kind::boolean:
      return expression.place != 0 ? "true" : "false";
    case Kind::number:
      return expression.text;
    case Kind::text:
      return "'" + expression.text + "'";
    case Kind::parameter:
      return "p" + std::to_string(expression.place);
    case Kind::item:
    case Kind::index:
      return kind + std::to_string(expression.place);
    case Kind::call:
      kind = core::method_name(static_cast<core::Method>(expression.place));
      break;
    default:
      if (expression.kind >= Kind::equal && expression.kind <= Kind::remainder)
        kind = kSigns[static_cast<size_t>(expression.kind) - static_cast<size_t>(Kind::equal)];
      break;
  }
  std::string out = "(" + kind;
  for (const core::Expression& one : expression.operands) out += " " + words(one);
  return out + ")";
}

std::string words(const core::Nodes& nodes);

struct NodeWords {
  std::string operator()(const core::TextNode& node) const { return node.sql; }
  std::string operator()(const core::TableNode& node) const { return "[table " + node.name + "]"; }
  std::string operator()(const core::GenerationNode& node) const { return "[generation " + node.table + "]"; }
  std::string operator()(const core::ValueNode& node) const { return "$" + std::to_string(node.parameter); }
  std::string operator()(const core::ListNode& node) const {
    return "$" + std::to_string(node.parameter) + "*";
  }
  std::string operator()(const core::ItemNode& node) const { return "$item" + std::to_string(node.level); }
  std::string operator()(const core::IndexNode& node) const { return "$index" + std::to_string(node.level); }
  std::string operator()(const core::ListItemNode& node) const {
    return "$" + std::to_string(node.parameter) + "." + std::to_string(node.place);
  }
  std::string operator()(const core::IfNode& node) const {
    const std::string test = node.condition.test ? words(*node.condition.test)
                                                 : "present " + std::to_string(node.condition.present);
    return "{if " + test + ": " + words(node.then) + "}";
  }
  std::string operator()(const core::ChooseNode& node) const {
    std::string out = "{choose";
    for (const core::IfNode& when : node.whens) out += " " + (*this)(when);
    return out + " {else: " + words(node.otherwise) + "}}";
  }
  std::string operator()(const core::WhereNode& node) const { return "{where: " + words(node.content) + "}"; }
  std::string operator()(const core::TrimNode& node) const {
    std::string out = "{trim [" + node.prefix + "] [" + node.suffix + "]";
    for (const std::string& word : node.prefix_overrides) out += " -" + word;
    for (const std::string& word : node.suffix_overrides) out += " " + word + "-";
    return out + ": " + words(node.content) + "}";
  }
  std::string operator()(const core::ForeachNode& node) const {
    return "{each " + std::to_string(node.parameter) + " [" + node.open + "] [" + node.separator + "] [" +
           node.close + "]" + (node.pad ? " pad" : "") + ": " + words(node.content) + "}";
  }
  std::string operator()(const core::RejectNode& node) const { return "{reject " + words(node.when) + "}"; }
};

// Texts as they are, $0 for the value of parameter 0, {if test: nodes} and so on.
inline std::string words(const core::Nodes& nodes) {
  std::string out;
  for (const core::Node& node : nodes) out += std::visit(NodeWords(), node.is);
  return out;
}

}  // namespace tablegate::loader::testing
