// The operators and methods of expressions.
#include <algorithm>
#include <cstring>

#include "core/plan/expression_value.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

using Held = ExpressionValue::Kind;

// In characters; valid UTF-8.
size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// As std::string_view::find(), in linear time.
size_t find(std::string_view text, std::string_view part, ExpressionWork& work) {
  if (!work.calculate(text.size() + part.size())) return std::string_view::npos;
  const void* const found = memmem(text.data(), text.size(), part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

// Without control characters and spaces at both ends, as Java does it.
std::string_view without_spaces_around(std::string_view text) {
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

char to_upper(char c) {
  return is_lower(c) ? static_cast<char>(c & ~0x20) : c;
}

template <class Change>
ExpressionValue changed(std::string_view text, Change change, ExpressionWork& work) {
  char* const room = work.room(text.size());
  if (room == nullptr) return {};
  std::transform(text.begin(), text.end(), room, change);
  return ExpressionValue::of(std::string_view(room, text.size()));
}

ExpressionValue concatenated(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work) {
  const std::string_view one = as_text(a, work).value_or("null");
  const std::string_view other = as_text(b, work).value_or("null");
  char* const room = work.room(one.size() + other.size());
  if (room == nullptr) return {};
  other.copy(room + one.copy(room, one.size()), other.size());
  return ExpressionValue::of(std::string_view(room, one.size() + other.size()));
}

Decimal quotient(const Decimal& a, const Decimal& b, bool whole, ExpressionWork& work) {
  if (whole) return divide(a, b, 0, work);
  return rounded(divide(a, b, kQuotientDigits + 1, work), kQuotientDigits, work);
}

ExpressionValue call_of_list(Method method, const ExpressionValue& list, const ExpressionValue& argument,
                             ExpressionWork& work) {
  switch (method) {
    case Method::size:
    case Method::length:
      return ExpressionValue::of(list.list.count, work);
    case Method::is_empty:
      return ExpressionValue::of(list.list.count == 0);
    case Method::equals:
      return ExpressionValue::of(equal(list, argument, work));
    case Method::contains:
      return ExpressionValue::of(place_in(list, argument, work).has_value());
    case Method::index_of: {
      const std::optional<size_t> place = place_in(list, argument, work);
      return place ? ExpressionValue::of(*place, work) : ExpressionValue::of({true, "1", 1}, true);
    }
    case Method::to_string:
      return ExpressionValue::of(as_text(list, work).value_or(""));
    default:
      return {};
  }
}

ExpressionValue call_with_text(Method method, std::string_view text, std::string_view argument,
                               ExpressionWork& work) {
  switch (method) {
    case Method::equals_ignore_case:
      return ExpressionValue::of(work.look_at(text.size()) && same_in_any_case(text, argument));
    case Method::contains:
      return ExpressionValue::of(find(text, argument, work) != std::string_view::npos);
    case Method::starts_with:
      return ExpressionValue::of(text.substr(0, argument.size()) == argument);
    case Method::ends_with:
      return ExpressionValue::of(text.size() >= argument.size() &&
                                 text.substr(text.size() - argument.size()) == argument);
    case Method::index_of: {
      const size_t found = find(text, argument, work);
      if (found == std::string_view::npos) return ExpressionValue::of({true, "1", 1}, true);
      return ExpressionValue::of(characters(text.substr(0, found)), work);
    }
    default:
      return {};
  }
}

}  // namespace

ExpressionValue calculate(Expression::Kind kind, const ExpressionValue& a, const ExpressionValue& b,
                          ExpressionWork& work) {
  if (kind == Expression::Kind::add && (a.kind == Held::text || b.kind == Held::text))
    return concatenated(a, b, work);
  const std::optional<Decimal> one = as_number(a, work);
  const std::optional<Decimal> other = as_number(b, work);
  if (!one || !other) return {};
  const bool whole = a.whole && b.whole;
  switch (kind) {
    case Expression::Kind::add:
      return ExpressionValue::of(sum(*one, *other, work), whole);
    case Expression::Kind::subtract:
      return ExpressionValue::of(sum(*one, negated(*other), work), whole);
    case Expression::Kind::multiply:
      return ExpressionValue::of(product(*one, *other, work), whole);
    case Expression::Kind::divide:
      if (other->digits.empty()) return {};
      return ExpressionValue::of(quotient(*one, *other, whole, work), whole);
    case Expression::Kind::remainder: {
      if (other->digits.empty()) return {};
      const Decimal times = divide(*one, *other, 0, work);
      return ExpressionValue::of(sum(*one, negated(product(times, *other, work)), work), whole);
    }
    default:
      return {};
  }
}

ExpressionValue call_method(Method method, const ExpressionValue& subject, const ExpressionValue& argument,
                            ExpressionWork& work) {
  if (subject.kind == Held::null) return {};
  if (subject.kind == Held::list) return call_of_list(method, subject, argument, work);
  if (method == Method::equals) return ExpressionValue::of(equal(subject, argument, work));
  const std::string_view text = as_text(subject, work).value_or("");
  if (method_arguments(method) > 0) {
    const std::optional<std::string_view> other = as_text(argument, work);
    return other ? call_with_text(method, text, *other, work) : ExpressionValue::of(false);
  }
  switch (method) {
    case Method::size:
    case Method::length:
      return work.look_at(text.size()) ? ExpressionValue::of(characters(text), work) : ExpressionValue();
    case Method::is_empty:
      return ExpressionValue::of(text.empty());
    case Method::trim:
      return ExpressionValue::of(without_spaces_around(text));
    case Method::to_string:
      return ExpressionValue::of(text);
    case Method::to_lower_case:
      return changed(
          text, [](char c) { return to_lower(c); }, work);
    case Method::to_upper_case:
      return changed(text, to_upper, work);
    default:
      return {};
  }
}

}  // namespace tablegate::core
