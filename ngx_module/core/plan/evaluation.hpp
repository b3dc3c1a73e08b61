// Evaluates the tests of a program for one request, within the steps that a walk
// has for all of them together. Where a walk is done twice, once to measure, the
// second time gets the outcomes of the first. Internal to the walk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/plan/bound_values.hpp"
#include "core/plan/expression_value.hpp"
#include "core/plan/expression_work.hpp"
#include "core/plan/loops.hpp"
#include "core/plan/program.hpp"

namespace tablegate::core {

class Evaluation {
 public:
  // All outlive it.
  Evaluation(const BoundValues& bound, const std::vector<PlaceholderType>& types, Arena& arena)
      : bound_(bound), types_(types), work_(arena) {}

  // `loops`: where the walk is. Nothing counts when the work has failed.
  bool test(const Expression& expression, const Loops& loops) {
    if (again_) return outcome(next_++);
    const bool out = truth(expression, loops);
    if (!failed()) keep(out);
    return out;
  }

  bool failed() const { return work_.failed(); }
  Problem problem() const { return work_.problem(); }

  // test() is called once more for the same expressions, in the same order.
  void repeat() {
    again_ = true;
    next_ = 0;
  }

 private:
  using Kind = Expression::Kind;

  bool truth(const Expression& expression, const Loops& loops);
  ExpressionValue value(const Expression& expression, const Loops& loops);
  ExpressionValue parameter(uint32_t place);
  bool same(const std::vector<Expression>& operands, const Loops& loops);
  bool ordered(const Expression& expression, const Loops& loops);
  bool found_in(const Expression& expression, const Loops& loops);
  ExpressionValue at(const Expression& expression, const Loops& loops);

  bool outcome(size_t place) const { return (outcomes_[place / 64] >> place % 64 & 1U) != 0; }
  void keep(bool out) {
    if (next_ % 64 == 0) outcomes_[next_ / 64] = 0;
    outcomes_[next_ / 64] |= uint64_t{out} << next_ % 64;
    ++next_;
  }

  const BoundValues& bound_;
  const std::vector<PlaceholderType>& types_;
  ExpressionWork work_;
  bool again_ = false;
  size_t next_ = 0;
  // Each test takes a step at least. Only the words in use are written.
  std::array<uint64_t, kMaxExpressionSteps / 64 + 1> outcomes_;
};

}  // namespace tablegate::core
