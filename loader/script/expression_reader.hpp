// Reads the expression of a `test`: age != null and name.length() > 3
// The grammar is in loader/docs/scripts.md, "Conditions".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/plan/expression.hpp"
#include "script/scope.hpp"

namespace tablegate::loader {

// How deep a test may be nested. Tests are parts of further expressions (RejectNode::when), hence not
// core::kMaxExpressionDepth.
inline constexpr size_t kMaxTestDepth = core::kMaxExpressionDepth - 4;

struct ExpressionFault {
  size_t offset = 0;  // byte of the expression
  std::string text;   // what is wrong and what to write instead
};

// `scope`: what names mean. The expression counts only where there is no fault.
core::Expression read_expression(std::string_view text, const Scope& scope,
                                 std::optional<ExpressionFault>& fault);

}  // namespace tablegate::loader
