#include "core/plan/evaluation.hpp"

#include <charconv>

namespace tablegate::core {

namespace {

// The whole number that is a place in a list of `count` items; nullopt: it is none.
std::optional<size_t> list_place(const ExpressionValue& value, size_t count, ExpressionWork& work) {
  const std::optional<Decimal> number = as_number(value, work);
  if (!number || number->negative || number->point < static_cast<int64_t>(number->digits.size()) ||
      number->point > 9)
    return std::nullopt;
  size_t place = 0;
  for (size_t digit = 0; digit < static_cast<size_t>(number->point); ++digit) {
    place = place * 10;
    if (digit < number->digits.size()) place += static_cast<size_t>(number->digits[digit] - '0');
  }
  return place < count ? std::optional<size_t>(place) : std::nullopt;
}

}  // namespace

bool Evaluation::truth(const Expression& expression, const Loops& loops) {
  switch (expression.kind) {
    case Kind::logical_not:
    case Kind::logical_and:
    case Kind::logical_or:
    case Kind::equal:
    case Kind::not_equal:
    case Kind::less:
    case Kind::less_or_equal:
    case Kind::greater:
    case Kind::greater_or_equal:
    case Kind::in:
    case Kind::not_in:
      break;
    default:
      return truth_of(value(expression, loops));
  }
  if (!work_.take(1)) return false;
  const std::vector<Expression>& operands = expression.operands;
  switch (expression.kind) {
    case Kind::logical_not:
      return !truth(operands[0], loops);
    case Kind::logical_and:
      for (const Expression& one : operands) {
        if (!truth(one, loops)) return false;
      }
      return true;
    case Kind::logical_or:
      for (const Expression& one : operands) {
        if (truth(one, loops)) return true;
      }
      return false;
    case Kind::in:
      return found_in(expression, loops);
    case Kind::not_in:
      return !found_in(expression, loops);
    case Kind::equal:
      return same(operands, loops);
    case Kind::not_equal:
      return !same(operands, loops);
    default:
      return ordered(expression, loops);
  }
}

// Most tests ask whether a parameter is null: its value need not be read for that.
bool Evaluation::same(const std::vector<Expression>& operands, const Loops& loops) {
  if (operands[0].kind == Kind::parameter && operands[1].kind == Kind::null)
    return work_.take(2) && bound_.values[operands[0].place] == nullptr;
  return equal(value(operands[0], loops), value(operands[1], loops), work_);
}

bool Evaluation::ordered(const Expression& expression, const Loops& loops) {
  const std::optional<int> result =
      order(value(expression.operands[0], loops), value(expression.operands[1], loops), work_);
  if (!result) return false;
  switch (expression.kind) {
    case Kind::less:
      return *result < 0;
    case Kind::less_or_equal:
      return *result <= 0;
    case Kind::greater:
      return *result > 0;
    default:
      return *result >= 0;
  }
}

// A list that is absent has no items.
bool Evaluation::found_in(const Expression& expression, const Loops& loops) {
  const std::vector<Expression>& operands = expression.operands;
  const ExpressionValue item = value(operands[0], loops);
  if (operands.size() == 2) {
    const ExpressionValue other = value(operands[1], loops);
    if (other.kind == ExpressionValue::Kind::list) return place_in(other, item, work_).has_value();
    const bool is_list = operands[1].kind == Kind::parameter && types_[operands[1].place].item != 0;
    return !is_list && equal(item, other, work_);
  }
  for (size_t place = 1; place < operands.size(); ++place) {
    if (equal(item, value(operands[place], loops), work_)) return true;
    if (failed()) return false;
  }
  return false;
}

ExpressionValue Evaluation::at(const Expression& expression, const Loops& loops) {
  const ExpressionValue list = value(expression.operands[0], loops);
  const ExpressionValue number = value(expression.operands[1], loops);
  if (list.kind != ExpressionValue::Kind::list) return {};
  const std::optional<size_t> place = list_place(number, list.list.count, work_);
  return place ? item_at(list, *place, work_) : ExpressionValue();
}

ExpressionValue Evaluation::parameter(uint32_t place) {
  const PlaceholderType& type = types_[place];
  const char* const bound = bound_.values[place];
  if (type.item == 0 || bound == nullptr) return ExpressionValue::of(bound, type.oid, work_);
  ExpressionValue list;
  list.kind = ExpressionValue::Kind::list;
  list.list = bound_.items_of(place);
  list.item_type = type.item;
  return list;
}

ExpressionValue Evaluation::value(const Expression& expression, const Loops& loops) {
  if (!work_.take(1)) return {};
  const std::vector<Expression>& operands = expression.operands;
  switch (expression.kind) {
    case Kind::null:
      return {};
    case Kind::boolean:
      return ExpressionValue::of(expression.place == 1);
    case Kind::number: {
      Decimal number;
      if (!read_decimal(expression.text, false, work_, number)) return {};
      return ExpressionValue::of(number, expression.text.find('.') == std::string::npos);
    }
    case Kind::text:
      return ExpressionValue::of(std::string_view(expression.text));
    case Kind::parameter:
      return parameter(expression.place);
    case Kind::item:
      return ExpressionValue::of(loops.item(expression.place), types_[loops.parameter(expression.place)].item,
                                 work_);
    case Kind::index:
      return ExpressionValue::of(loops.index(expression.place), work_);
    case Kind::negate: {
      const ExpressionValue operand = value(operands[0], loops);
      const std::optional<Decimal> number = as_number(operand, work_);
      return number ? ExpressionValue::of(negated(*number), operand.whole) : ExpressionValue();
    }
    case Kind::add:
    case Kind::subtract:
    case Kind::multiply:
    case Kind::divide:
    case Kind::remainder: {
      const ExpressionValue one = value(operands[0], loops);
      return calculate(expression.kind, one, value(operands[1], loops), work_);
    }
    case Kind::at:
      return at(expression, loops);
    case Kind::call: {
      const ExpressionValue subject = value(operands[0], loops);
      const ExpressionValue argument = operands.size() > 1 ? value(operands[1], loops) : ExpressionValue();
      return call_method(static_cast<Method>(expression.place), subject, argument, work_);
    }
    default:
      return ExpressionValue::of(truth(expression, loops));
  }
}

}  // namespace tablegate::core
