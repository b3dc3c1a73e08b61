#include "core/plan/expression.hpp"

#include <algorithm>
#include <iterator>

namespace tablegate::core {

namespace {

// In the order of the enumerations.
constexpr std::string_view kKinds[] = {"null",
                                       "boolean",
                                       "number",
                                       "text",
                                       "parameter",
                                       "item",
                                       "index",
                                       "negate",
                                       "not",
                                       "and",
                                       "or",
                                       "equal",
                                       "not_equal",
                                       "less",
                                       "less_or_equal",
                                       "greater",
                                       "greater_or_equal",
                                       "add",
                                       "subtract",
                                       "multiply",
                                       "divide",
                                       "remainder",
                                       "in",
                                       "not_in",
                                       "at",
                                       "call"};
static_assert(std::size(kKinds) == static_cast<size_t>(Expression::Kind::call) + 1);

constexpr std::string_view kMethods[] = {
    "size",     "length",     "isEmpty",  "trim",    "toString",    "equals",     "equalsIgnoreCase",
    "contains", "startsWith", "endsWith", "indexOf", "toLowerCase", "toUpperCase"};
static_assert(std::size(kMethods) == static_cast<size_t>(Method::to_upper_case) + 1);

template <class Value, size_t Size>
std::optional<Value> parse(const std::string_view (&names)[Size], std::string_view name) {
  const auto* const found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Value>(found - std::begin(names));
}

}  // namespace

std::string_view expression_kind_name(Expression::Kind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::optional<Expression::Kind> parse_expression_kind(std::string_view name) {
  return parse<Expression::Kind>(kKinds, name);
}

std::string_view method_name(Method method) {
  return kMethods[static_cast<size_t>(method)];
}

std::optional<Method> parse_method(std::string_view name) {
  return parse<Method>(kMethods, name);
}

size_t method_arguments(Method method) {
  switch (method) {
    case Method::equals:
    case Method::equals_ignore_case:
    case Method::contains:
    case Method::starts_with:
    case Method::ends_with:
    case Method::index_of:
      return 1;
    default:
      return 0;
  }
}

bool operator==(const Expression& a, const Expression& b) {
  return a.kind == b.kind && a.place == b.place && a.text == b.text && a.operands == b.operands;
}

}  // namespace tablegate::core
