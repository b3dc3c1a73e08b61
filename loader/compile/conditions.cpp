#include "compile/conditions.hpp"

#include <iterator>
#include <string>
#include <utility>

#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

core::Nodes condition_of(const RequestParameter& parameter, uint32_t number) {
  const std::string column = core::quote_identifier(parameter.column);
  const auto list = [number](const std::string& before) {
    return core::Nodes{{core::TextNode{before}}, {core::ListNode{number}}, {core::TextNode{")"}}};
  };
  switch (parameter.comparison) {
    case Comparison::in:
      return list(" AND " + column + " = ANY(");
    case Comparison::not_in:
      return list(" AND " + column + " IS NOT NULL AND " + column + " <> ALL(");
    default:
      break;
  }
  const std::string name = parameter.comparison == Comparison::not_equal
                               ? "<>"
                               : std::string(comparison_text(parameter.comparison));
  return {{core::TextNode{" AND " + column + " " + name + " "}}, {core::ValueNode{number}}};
}

}  // namespace

void add_condition(const RequestParameter& parameter, uint32_t number, core::Nodes& where) {
  core::Nodes condition = condition_of(parameter, number);
  if (parameter.required || parameter.default_value) {
    std::move(condition.begin(), condition.end(), std::back_inserter(where));
  } else {
    where.push_back({core::IfNode{{number}, std::move(condition)}});
  }
}

bool fixes_column(const RequestParameter& parameter) {
  return parameter.comparison == Comparison::equal && parameter.required;
}

}  // namespace tablegate::loader
