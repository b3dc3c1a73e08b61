// The expression in the `test` of a script's condition, as a tree: what
//   age != null and name.length() > 3
// is after it was read. Typed and null-safe; how it differs from OGNL is in
// loader/docs/scripts.md. Plain values: the loader reads them from a script, the
// manifest carries them (schema/README.md), Program checks and keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::core {

// How deep expressions may be nested, and how many steps all expressions of one walk may take together. A
// step is one operand or operator; an operation on texts or lists takes a further one for each 64 bytes or
// items that it looks at.
constexpr size_t kMaxExpressionDepth = 32;
constexpr size_t kMaxExpressionSteps = 10000;

// What a division that is not one of two whole numbers has behind the point at most.
constexpr size_t kQuotientDigits = 20;

// Methods of texts and lists.
enum class Method : uint8_t {
  size,
  length,
  is_empty,
  trim,
  to_string,
  equals,
  equals_ignore_case,
  contains,
  starts_with,
  ends_with,
  index_of,
  to_lower_case,
  to_upper_case
};

struct Expression {
  enum class Kind : uint8_t {
    null,       // null
    boolean,    // `place` is 1: true; 0: false
    number,     // `text` in plain decimal notation: -12.50; a whole number where it has no point
    text,       // `text`
    parameter,  // `place`: as ValueNode::parameter; a list where the parameter takes one
    item,       // `place`: as ItemNode::level
    index,      // the round of a foreach, from 0; `place` as of item
    negate,
    logical_not,
    logical_and,  // two operands or more
    logical_or,
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    add,  // of texts too, where one operand is a text
    subtract,
    multiply,
    divide,     // of two whole numbers without a remainder, as in Java
    remainder,  // with the sign of the first operand
    in,  // the first operand is equal to one of the others; if there is one other and it is a list, to one
         // of its items
    not_in,
    at,   // the item of the list that is the first operand, at the number that is the second one, from 0
    call  // `place`: a Method of the first operand, with the others as arguments
  };

  Kind kind = Kind::null;
  uint32_t place = 0;
  std::string text;
  std::vector<Expression> operands;
};

// The name of a kind in the manifest ("not_equal"), and of a method in scripts ("isEmpty").
std::string_view expression_kind_name(Expression::Kind kind);
std::optional<Expression::Kind> parse_expression_kind(std::string_view name);
std::string_view method_name(Method method);
std::optional<Method> parse_method(std::string_view name);
// How many arguments it takes.
size_t method_arguments(Method method);

bool operator==(const Expression& a, const Expression& b);
inline bool operator!=(const Expression& a, const Expression& b) {
  return !(a == b);
}

}  // namespace tablegate::core
