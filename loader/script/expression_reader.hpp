// Reads the expression of a `test`: age != null and name.length() > 3
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/plan/expression.hpp"

namespace tablegate::loader {

// What a name means: a parameter, or the item or index of a foreach around the tag.
struct ExpressionName {
  core::Expression::Kind kind = core::Expression::Kind::parameter;
  uint32_t place = 0;
  bool list = false;
};

struct ExpressionFault {
  size_t offset = 0;  // byte of the expression
  std::string text;
};

// `meaning`: nullopt for a name that is not known. A fault names the place and what to write instead.
core::Expression read_expression(
    std::string_view text, const std::function<std::optional<ExpressionName>(std::string_view)>& meaning,
    std::optional<ExpressionFault>& fault);

}  // namespace tablegate::loader
