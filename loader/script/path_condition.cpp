#include "script/path_condition.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;
using Kind = core::Expression::Kind;

Expression tree_of(Kind kind, std::vector<Expression> operands) {
  Expression out;
  out.kind = kind;
  out.operands = std::move(operands);
  return out;
}

Expression number_of(size_t value) {
  Expression out;
  out.kind = Kind::number;
  out.text = std::to_string(value);
  return out;
}

Expression parameter_of(uint32_t place) {
  Expression out;
  out.kind = Kind::parameter;
  out.place = place;
  return out;
}

bool is_call(const Expression& test, core::Method method) {
  return test.kind == Kind::call && test.place == static_cast<uint32_t>(method);
}

// An operand of a comparison: length() of a text is as size() of a list, 0 or more.
Expression operand_of(const Expression& value) {
  Expression out = value;
  if (is_call(out, core::Method::length)) out.place = static_cast<uint32_t>(core::Method::size);
  return out;
}

Expression equality_of(Expression a, Expression b) {
  const auto fixed = [](const Expression& one) { return is_constant(one) || one.kind == Kind::null; };
  if (fixed(a) != fixed(b) ? fixed(a) : test_key(b) < test_key(a)) std::swap(a, b);
  return tree_of(Kind::equal, {std::move(a), std::move(b)});
}

// -12.50 without what does not change its value: sign, digits before the point, digits behind it.
struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;

  explicit Decimal(std::string_view text) {
    negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    const size_t point = std::min(text.find('.'), text.size());
    whole = text.substr(0, point);
    fraction = text.substr(std::min(point + 1, text.size()));
    while (!whole.empty() && whole.front() == '0') whole.remove_prefix(1);
    fraction = core::trimmed_end(fraction, "0");
    if (whole.empty() && fraction.empty()) negative = false;
  }
};

bool is_plain_decimal(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), core::is_digit);
  };
  return digits(text.substr(0, point)) && (point == text.size() || digits(text.substr(point + 1)));
}

}  // namespace

size_t expression_size(const Expression& test) {
  size_t size = 1;
  for (const Expression& operand : test.operands) size += expression_size(operand);
  return size;
}

bool is_constant(const Expression& value) {
  return value.kind == Kind::boolean || value.kind == Kind::number || value.kind == Kind::text;
}

bool is_size_of_parameter(const Expression& value) {
  return is_call(value, core::Method::size) && value.operands[0].kind == Kind::parameter;
}

int compare_decimals(const std::string& a, const std::string& b) {
  const Decimal one(a), other(b);
  if (one.negative != other.negative) return one.negative ? -1 : 1;
  int size = 0;
  if (one.whole.size() != other.whole.size()) {
    size = one.whole.size() < other.whole.size() ? -1 : 1;
  } else {
    size = one.whole.compare(other.whole);
    if (size == 0) size = one.fraction.compare(other.fraction);
  }
  return one.negative ? -size : size;
}

std::optional<bool> same_constant(const Expression& a, const Expression& b) {
  if (a.kind == b.kind && a.kind != Kind::number && a.place == b.place && a.text == b.text) return true;
  if (a.kind == Kind::boolean || b.kind == Kind::boolean)
    return a.kind == b.kind ? std::optional<bool>(false) : std::nullopt;
  const bool numbers = is_plain_decimal(a.text) && is_plain_decimal(b.text);
  if (!numbers) return false;
  if (compare_decimals(a.text, b.text) != 0) return false;
  // '1' and '1.0' are two texts and one number.
  return a.kind == Kind::text && b.kind == Kind::text ? std::nullopt : std::optional<bool>(true);
}

bool reads_loop(const Expression& test) {
  if (test.kind == Kind::item || test.kind == Kind::index) return true;
  return std::any_of(test.operands.begin(), test.operands.end(), reads_loop);
}

Expression closed_test(const Expression& test, const std::vector<PathLoop>& loops) {
  if (test.kind == Kind::item || test.kind == Kind::index) {
    const PathLoop& loop = loops[loops.size() - 1 - test.place];
    if (test.kind == Kind::index) return number_of(loop.round);
    return tree_of(Kind::at, {parameter_of(loop.parameter), number_of(loop.item())});
  }
  Expression out = test;
  for (Expression& operand : out.operands) operand = closed_test(operand, loops);
  return out;
}

Expression condition_test(const core::Condition& condition, const std::vector<PathLoop>& loops) {
  if (condition.test) return closed_test(*condition.test, loops);
  return tree_of(Kind::not_equal, {parameter_of(condition.present), Expression{}});
}

// A test with more constants and names than this is only true or false: what follows from its parts costs
// time that grows with the cube of their number.
static constexpr size_t kMostLeaves = 16;

static size_t leaves_of(const Expression& test) {
  if (test.operands.empty()) return 1;
  size_t leaves = 0;
  for (const Expression& one : test.operands) leaves += leaves_of(one);
  return leaves;
}

Expression normal_test(const Expression& test) {
  const std::vector<Expression>& operands = test.operands;
  // Of a kind from which nothing follows.
  if (leaves_of(test) > kMostLeaves) return tree_of(Kind::in, {test});
  switch (test.kind) {
    case Kind::logical_not:
    case Kind::logical_and:
    case Kind::logical_or: {
      std::vector<Expression> parts;
      parts.reserve(operands.size());
      for (const Expression& one : operands) parts.push_back(normal_test(one));
      return tree_of(test.kind, std::move(parts));
    }
    case Kind::equal:
      return equality_of(operand_of(operands[0]), operand_of(operands[1]));
    case Kind::not_equal:
      return tree_of(Kind::logical_not, {equality_of(operand_of(operands[0]), operand_of(operands[1]))});
    case Kind::less:
    case Kind::less_or_equal:
      return tree_of(test.kind, {operand_of(operands[0]), operand_of(operands[1])});
    case Kind::greater:
      return tree_of(Kind::less, {operand_of(operands[1]), operand_of(operands[0])});
    case Kind::greater_or_equal:
      return tree_of(Kind::less_or_equal, {operand_of(operands[1]), operand_of(operands[0])});
    case Kind::in: {
      // With one other operand that may be a list.
      if (operands.size() == 2 && !is_constant(operands[1])) return test;
      std::vector<Expression> parts;
      parts.reserve(operands.size());
      for (size_t i = 1; i < operands.size(); ++i) parts.push_back(equality_of(operands[0], operands[i]));
      return parts.size() == 1 ? std::move(parts.front()) : tree_of(Kind::logical_or, std::move(parts));
    }
    case Kind::not_in: {
      Expression among = test;
      among.kind = Kind::in;
      return tree_of(Kind::logical_not, {normal_test(among)});
    }
    case Kind::call: {
      if (is_call(test, core::Method::is_empty)) {
        Expression size = test;
        size.place = static_cast<uint32_t>(core::Method::size);
        return equality_of(std::move(size), number_of(0));
      }
      // A text that is null is equal to no text.
      if (is_call(test, core::Method::equals) && operands[1].kind == Kind::text)
        return equality_of(operands[0], operands[1]);
      return test;
    }
    default:
      return test;
  }
}

std::string test_key(const Expression& test) {
  std::string key(1, static_cast<char>('A' + static_cast<int>(test.kind)));
  key += std::to_string(test.place) + ":" + std::to_string(test.text.size()) + ":" + test.text + "(";
  for (const Expression& operand : test.operands) key += test_key(operand);
  return key + ")";
}

void add_parameters(const Expression& test, std::set<uint32_t>& out) {
  if (test.kind == Kind::parameter) out.insert(test.place);
  for (const Expression& operand : test.operands) add_parameters(operand, out);
}

}  // namespace tablegate::loader
