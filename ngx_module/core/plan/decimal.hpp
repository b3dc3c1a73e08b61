// Exact decimal numbers of any size, for the expressions of scripts: 0.1 + 0.2 is
// 0.3, and no integer is too large. Texts that do not fit into what was given come
// from the arena of the request, within its steps (expression_work.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/plan/expression_work.hpp"

namespace tablegate::core {

// 0.DIGITS * 10^point
struct Decimal {
  bool negative = false;
  std::string_view digits;  // without zeros at either end; empty: the number is 0
  int64_t point = 0;        // 0 of the number 0
};

// Plain decimal notation: -12, 12.5, .5, 12. without a plus sign. `exponent`: 1e-5 too. False: `text` is
// something else, or the work has failed.
bool read_decimal(std::string_view text, bool exponent, ExpressionWork& work, Decimal& out);

// Below 0, 0 or above.
int compare(const Decimal& a, const Decimal& b);

// Of a work that failed they are 0.
Decimal sum(const Decimal& a, const Decimal& b, ExpressionWork& work);
Decimal product(const Decimal& a, const Decimal& b, ExpressionWork& work);
// `b` is not 0. Digits behind the point after the first `places` are cut off.
Decimal divide(const Decimal& a, const Decimal& b, size_t places, ExpressionWork& work);
// To the nearest number with so many digits behind the point; half is away from 0.
Decimal rounded(const Decimal& a, size_t places, ExpressionWork& work);
Decimal negated(Decimal a);

// In plain decimal notation without zeros that say nothing: -12.5
std::string_view plain_text(const Decimal& a, ExpressionWork& work);

}  // namespace tablegate::core
