#include "core/plan/expression_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/manifest/types.hpp"

namespace tablegate::core {

namespace {

using Held = ExpressionValue::Kind;

// Orders two texts by their bytes, and looks at no more of them than that takes.
int compare_texts(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work) {
  const auto end = [](const ExpressionValue& text, size_t at) {
    return text.size ? at == *text.size : text.data[at] == '\0';
  };
  size_t at = 0;
  while (!end(a, at) && !end(b, at) && a.data[at] == b.data[at]) ++at;
  work.look_at(at);
  if (end(a, at) || end(b, at)) return static_cast<int>(end(b, at)) - static_cast<int>(end(a, at));
  return static_cast<unsigned char>(a.data[at]) < static_cast<unsigned char>(b.data[at]) ? -1 : 1;
}

bool equal_lists(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work) {
  if (a.list.count != b.list.count) return false;
  for (size_t place = 0; place < a.list.count && work.take(1); ++place) {
    if (!equal(item_at(a, place, work), item_at(b, place, work), work)) return false;
  }
  return !work.failed();
}

std::string_view boolean_text(bool truth) {
  return truth ? "true" : "false";
}

// As Java writes one.
std::string_view list_text(const ExpressionValue& list, ExpressionWork& work) {
  size_t size = 2;
  for (size_t place = 0; place < list.list.count && work.take(1); ++place)
    size += 2 + as_text(item_at(list, place, work), work)->size();
  char* const text = work.room(size);
  if (text == nullptr) return {};
  char* end = text;
  *end++ = '[';
  for (size_t place = 0; place < list.list.count; ++place) {
    if (place > 0) end += std::string_view(", ").copy(end, 2);
    const std::optional<std::string_view> item = as_text(item_at(list, place, work), work);
    if (work.failed()) return {};
    end += item->copy(end, item->size());
  }
  *end++ = ']';
  return {text, static_cast<size_t>(end - text)};
}

}  // namespace

ExpressionValue ExpressionValue::of(bool truth) {
  ExpressionValue out;
  out.kind = Held::boolean;
  out.truth = truth;
  return out;
}

ExpressionValue ExpressionValue::of(std::string_view text) {
  ExpressionValue out;
  out.kind = Held::text;
  out.data = text.data() == nullptr ? "" : text.data();
  out.size = text.size();
  return out;
}

ExpressionValue ExpressionValue::of(const Decimal& number, bool whole) {
  ExpressionValue out;
  out.kind = Held::number;
  out.number = number;
  out.whole = whole;
  return out;
}

ExpressionValue ExpressionValue::of(size_t number, ExpressionWork& work) {
  constexpr size_t kRoom = 20;
  char* const text = work.room(kRoom);
  if (text == nullptr) return {};
  char* const end = std::to_chars(text, text + kRoom, number).ptr;
  Decimal decimal;
  read_decimal({text, static_cast<size_t>(end - text)}, false, work, decimal);
  return of(decimal, true);
}

ExpressionValue ExpressionValue::of(const char* bound, uint32_t type, ExpressionWork& work) {
  ExpressionValue out;
  if (bound == nullptr) return out;
  const auto is = [type](ColumnType column) { return type == column_type_oid(column); };
  if (is(ColumnType::boolean)) return of(*bound == 't' || *bound == '1');
  const bool whole = is(ColumnType::int2) || is(ColumnType::int4) || is(ColumnType::int8);
  if (whole || is(ColumnType::numeric) || is(ColumnType::float4) || is(ColumnType::float8)) {
    Decimal number;
    if (read_decimal(bound, true, work, number)) return of(number, whole);
    return out;
  }
  out.kind = Held::text;
  out.data = bound;
  return out;
}

bool truth_of(const ExpressionValue& value) {
  switch (value.kind) {
    case Held::null:
      return false;
    case Held::boolean:
      return value.truth;
    case Held::number:
      return !value.number.digits.empty();
    case Held::text:
      return true;
    case Held::list:
      return value.list.count > 0;
  }
  return false;
}

std::optional<std::string_view> as_text(const ExpressionValue& value, ExpressionWork& work) {
  switch (value.kind) {
    case Held::null:
      break;
    case Held::boolean:
      return boolean_text(value.truth);
    case Held::number:
      return plain_text(value.number, work);
    case Held::text: {
      if (value.size) return std::string_view(value.data, *value.size);
      const std::string_view text(value.data);
      work.look_at(text.size());
      return text;
    }
    case Held::list:
      return list_text(value, work);
  }
  return std::nullopt;
}

std::optional<Decimal> as_number(const ExpressionValue& value, ExpressionWork& work) {
  if (value.kind == Held::number) return value.number;
  Decimal number;
  if (value.kind == Held::text && read_decimal(*as_text(value, work), false, work, number)) return number;
  return std::nullopt;
}

bool equal(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work) {
  if (a.kind > b.kind) return equal(b, a, work);
  if (a.kind == Held::list) return equal_lists(a, b, work);
  if (a.kind == Held::null || b.kind == Held::list) return a.kind == b.kind;
  if (a.kind == Held::boolean && b.kind == Held::text)
    return compare_texts(ExpressionValue::of(boolean_text(a.truth)), b, work) == 0;
  return order(a, b, work) == 0;
}

std::optional<int> order(const ExpressionValue& a, const ExpressionValue& b, ExpressionWork& work) {
  if (a.kind == Held::text && b.kind == Held::text) return compare_texts(a, b, work);
  const auto number = [&work](const ExpressionValue& value) {
    if (value.kind != Held::boolean) return as_number(value, work);
    return std::optional<Decimal>(value.truth ? Decimal{false, "1", 1} : Decimal{});
  };
  if (a.kind == Held::boolean && b.kind == Held::text) return std::nullopt;
  if (a.kind == Held::text && b.kind == Held::boolean) return std::nullopt;
  const std::optional<Decimal> one = number(a);
  const std::optional<Decimal> other = one ? number(b) : std::nullopt;
  if (!other) return std::nullopt;
  return compare(*one, *other);
}

std::optional<size_t> place_in(const ExpressionValue& list, const ExpressionValue& item,
                               ExpressionWork& work) {
  for (size_t place = 0; place < list.list.count && work.take(1); ++place) {
    if (equal(item_at(list, place, work), item, work)) return place;
  }
  return std::nullopt;
}

ExpressionValue item_at(const ExpressionValue& list, size_t place, ExpressionWork& work) {
  return ExpressionValue::of(list.list.items[place], list.item_type, work);
}

}  // namespace tablegate::core
