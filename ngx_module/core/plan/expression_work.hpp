// What the expressions of one walk may still do: steps, and memory of the
// request's arena. What takes too much fails, and with it the walk; results of a
// failed work count for nothing. Internal to the walk.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/plan/expression.hpp"

namespace tablegate::core {

class ExpressionWork {
 public:
  explicit ExpressionWork(Arena& arena) : arena_(arena) {}

  // False: there are not so many left.
  bool take(size_t steps) {
    if (steps > left_) return fail(Slug::invalid_parameter);
    left_ -= steps;
    return true;
  }

  // Takes steps for looking at so many bytes or items.
  bool look_at(size_t size) { return take(size / kUnit); }

  // Takes steps for so many digits that are added, or multiplied by another one, and for a text of so many
  // bytes that is searched.
  bool calculate(size_t digits) { return take(digits / kDigits); }

  // Room for a text of so many bytes and a NUL; null: the work has failed.
  char* room(size_t size) {
    if (!look_at(size)) return nullptr;
    auto* const text = static_cast<char*>(arena_.allocate(size + 1));
    if (text == nullptr) fail(Slug::internal_error);
    return text;
  }

  bool failed() const { return slug_ != Slug::none; }

  Problem problem() const {
    if (slug_ != Slug::invalid_parameter) return {slug_, {}, {}};
    return {slug_, {}, "the conditions of this call take too many steps"};
  }

 private:
  // What takes about as long as an operator: 10,000 steps are below half a millisecond, whatever they do.
  static constexpr size_t kUnit = 32;
  static constexpr size_t kDigits = 16;

  bool fail(Slug slug) {
    if (!failed()) slug_ = slug;
    left_ = 0;
    return false;
  }

  Arena& arena_;
  size_t left_ = kMaxExpressionSteps;
  Slug slug_ = Slug::none;
};

}  // namespace tablegate::core
