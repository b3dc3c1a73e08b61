// The values of expressions in scripts, typed and null-safe, and what is done with
// them. Reading a bound value copies nothing. Internal to the walk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/plan/bound_values.hpp"
#include "core/plan/decimal.hpp"
#include "core/plan/expression.hpp"
#include "core/plan/expression_work.hpp"

namespace tablegate::core {

struct ExpressionValue {
  enum class Kind : uint8_t { null, boolean, number, text, list };

  Kind kind = Kind::null;
  bool truth = false;  // of a boolean
  bool whole = false;  // of a number: of a whole number's type
  Decimal number;
  const char* data = nullptr;  // of a text
  std::optional<size_t> size;  // of the text; nullopt: it ends in NUL, and nobody has looked yet
  BoundItems list;
  uint32_t item_type = 0;  // of the list, as PostgreSQL's OID

  static ExpressionValue of(bool truth);
  static ExpressionValue of(std::string_view text);
  static ExpressionValue of(const Decimal& number, bool whole);
  static ExpressionValue of(size_t number, ExpressionWork& work);
  // A bound value of this type, or null.
  static ExpressionValue of(const char* bound, uint32_t type, ExpressionWork& work);
};

bool truth_of(const ExpressionValue& value);
// A text, a number in plain decimal notation, `true`, `[1, 2]`; nullopt: null.
std::optional<std::string_view> as_text(const ExpressionValue& value, ExpressionWork& work);
// A number, or a text in plain decimal notation.
std::optional<Decimal> as_number(const ExpressionValue& value, ExpressionWork& work);

// A boolean is equal to the number 1 or 0 and to its text.
bool equal(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work);
// Below 0, 0 or above; nullopt: they have no order.
std::optional<int> order(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work);
// The first item that is equal.
std::optional<size_t> place_in(const ExpressionValue& list, const ExpressionValue& item,
                               ExpressionWork& work);
ExpressionValue item_at(const ExpressionValue& list, size_t place, ExpressionWork& work);

// `kind`: add, subtract, multiply, divide or remainder.
ExpressionValue calculate(Expression::Kind kind, const ExpressionValue& a, const ExpressionValue& b,
                          ExpressionWork& work);

// `argument`: null for a method without one.
ExpressionValue call_method(Method method, const ExpressionValue& subject, const ExpressionValue& argument,
                            ExpressionWork& work);

}  // namespace tablegate::core
