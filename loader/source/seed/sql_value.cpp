#include "source/seed/sql_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "core/text/ascii.hpp"
#include "model/ddl_lexer.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;
using Kind = SqlLiteral::Kind;

bool only_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

[[noreturn]] void refuse_value(const SqlLiteral& literal, const TableColumn& column,
                               const std::string& reason) {
  refuse_ddl(literal.line, literal.column, fmt::format("column \"{}\": {}", column.name, reason));
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "NULL";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a text";
    case Kind::date:
      return "a DATE";
    case Kind::datetime:
      return "a DATETIME";
    case Kind::timestamp:
      return "a TIMESTAMP";
    case Kind::timestamp_ntz:
      return "a TIMESTAMP_NTZ";
    case Kind::binary:
      return "bytes";
    case Kind::json:
      return "JSON";
    default:
      return "a nested value";
  }
}

// "2017-11-11"; `size` is the length of the date.
bool begins_with_date(std::string_view text, size_t& size) {
  size = 10;
  return text.size() >= 10 && only_digits(text.substr(0, 4)) && text[4] == '-' &&
         only_digits(text.substr(5, 2)) && text[7] == '-' && only_digits(text.substr(8, 2));
}

// "2017-11-11[ 00:00:00[.123456789]]" with at most 6 fraction digits kept; "" where the text has another
// form.
std::string moment_of(const std::string& text) {
  size_t size = 0;
  if (!begins_with_date(text, size)) return {};
  if (text.size() == size) return text;
  const std::string_view rest = std::string_view(text).substr(size);
  const bool clock = rest.size() >= 9 && (rest[0] == ' ' || rest[0] == 'T') &&
                     only_digits(rest.substr(1, 2)) && rest[3] == ':' && only_digits(rest.substr(4, 2)) &&
                     rest[6] == ':' && only_digits(rest.substr(7, 2));
  if (!clock) return {};
  if (rest.size() == 9) return text;
  const std::string_view fraction = rest.substr(10);
  if (rest[9] != '.' || !only_digits(fraction) || fraction.size() > 9) return {};
  return text.substr(0, size + 10 + std::min<size_t>(fraction.size(), 6));
}

bool is_number_text(const std::string& text) {
  const size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t point = text.find('.');
  if (point == std::string::npos) return only_digits(std::string_view(text).substr(sign));
  return only_digits(std::string_view(text).substr(sign, point - sign)) &&
         only_digits(std::string_view(text).substr(point + 1));
}

// As JSON inside a jsonb column, of the given type.
std::string json_of(const SqlLiteral& literal, const DdlType& type, const TableColumn& column);

[[noreturn]] void refuse_inside(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  const bool shown = literal.kind == Kind::number || literal.kind == Kind::string;
  refuse_value(literal, column,
               fmt::format("{} where {} is expected",
                           shown ? fmt::format("\"{}\"", literal.text) : std::string(kind_name(literal.kind)),
                           type.name));
}

// `kind`: a text, or JSON, which must be one whole value.
std::string cell_text(const std::string& text, MaxComputeType::Kind kind = MaxComputeType::Kind::string) {
  MaxComputeType type;
  type.kind = kind;
  RecordValue value;
  value.null = false;
  value.bytes = text;
  std::string out;
  append_json(type, value, out);
  return out;
}

bool fits(const std::string& text, int64_t low, int64_t high) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end && value >= low && value <= high;
}

// The range of an integer type; false: `name` is not one.
bool range_of(const std::string& name, int64_t& high) {
  high = name == "tinyint"                    ? INT8_MAX
         : name == "smallint"                 ? INT16_MAX
         : name == "int" || name == "integer" ? INT32_MAX
         : name == "bigint"                   ? INT64_MAX
                                              : 0;
  return high != 0;
}

// ".5", "5." and "05" are not valid JSON.
bool is_json_number(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || !only_digits(text.substr(0, 1)) || text.back() == '.') return false;
  return text[0] != '0' || !only_digits(text.substr(1, 1));
}

std::string json_number(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  int64_t high = 0;
  if (range_of(type.name, high) ? !fits(literal.text, -high - 1, high) : false)
    refuse_inside(literal, type, column);
  if (!is_json_number(literal.text))
    refuse_value(literal, column, fmt::format("\"{}\" is not allowed inside a nested value", literal.text));
  return literal.text;
}

std::string json_date(const SqlLiteral& literal, const TableColumn& column) {
  size_t size = 0;
  if (!begins_with_date(literal.text, size) || literal.text.size() != size)
    refuse_value(literal, column, fmt::format("'{}' is not a date (2017-11-11)", literal.text));
  return cell_text(literal.text);
}

std::string json_scalar(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  const Kind kind = literal.kind;
  int64_t high = 0;
  const bool number =
      range_of(type.name, high) || type.name == "float" || type.name == "double" || type.name == "decimal";
  const bool text = type.name == "string" || type.name == "varchar" || type.name == "char";
  if (number && kind == Kind::number) return json_number(literal, type, column);
  if (text && (kind == Kind::string || kind == Kind::number || kind == Kind::boolean))
    return cell_text(literal.text);
  if (type.name == "boolean" && kind == Kind::boolean) return literal.text;
  if (type.name == "date" && (kind == Kind::date || kind == Kind::string)) return json_date(literal, column);
  if (type.name == "json" && kind == Kind::json) {
    try {
      return cell_text(literal.text, MaxComputeType::Kind::json);
    } catch (const BadValue& bad) {
      refuse_value(literal, column, bad.what());
    }
  }
  if (number || text || type.name == "boolean" || type.name == "date" || type.name == "json")
    refuse_inside(literal, type, column);
  refuse_value(literal, column, fmt::format("{} inside a nested value is not supported yet", type.name));
}

std::string json_array(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  std::string out = "[";
  for (size_t i = 0; i < literal.items.size(); ++i)
    out += (i > 0 ? "," : "") + json_of(literal.items[i], type.children[0], column);
  return out + "]";
}

// Keys become strings.
std::string json_map(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  std::string out = "{";
  for (size_t i = 0; i < literal.items.size(); i += 2) {
    const std::string key = json_of(literal.items[i], type.children[0], column);
    out += (i > 0 ? "," : "") + (key[0] == '"' ? key : cell_text(key)) + ":";
    out += json_of(literal.items[i + 1], type.children[1], column);
  }
  return out + "}";
}

// All fields in their order, as MaxCompute requires; names are case-insensitive.
std::string json_struct(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  if (literal.items.size() != type.fields.size() * 2) {
    refuse_value(
        literal, column,
        fmt::format("{} fields where the STRUCT has {}", literal.items.size() / 2, type.fields.size()));
  }
  std::string out = "{";
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const SqlLiteral& name = literal.items[i * 2];
    if (core::to_lower(name.text) != core::to_lower(type.fields[i])) {
      refuse_value(name, column,
                   fmt::format("field \"{}\" where \"{}\" is expected", name.text, type.fields[i]));
    }
    out += (i > 0 ? "," : "") + cell_text(type.fields[i]) + ":";
    out += json_of(literal.items[i * 2 + 1], type.children[i], column);
  }
  return out + "}";
}

std::string json_of(const SqlLiteral& literal, const DdlType& type, const TableColumn& column) {
  if (literal.kind == Kind::null) return "null";
  if (type.children.empty()) return json_scalar(literal, type, column);
  if (type.name == "array" && literal.kind == Kind::array) return json_array(literal, type, column);
  if (type.name == "map" && literal.kind == Kind::map) return json_map(literal, type, column);
  if (type.name == "struct" && literal.kind == Kind::named_struct) return json_struct(literal, type, column);
  refuse_inside(literal, type, column);
}

[[noreturn]] void refuse_kind(const SqlLiteral& literal, const TableColumn& column) {
  refuse_value(literal, column,
               fmt::format("{} where {} is expected", kind_name(literal.kind), column.sql_type));
}

// The kinds of time literals that a column accepts besides text of that form.
bool is_time_of(Kind kind, ColumnType type) {
  if (type == ColumnType::date) return kind == Kind::date;
  if (type == ColumnType::timestamp) return kind == Kind::timestamp_ntz || kind == Kind::date;
  return kind == Kind::datetime || kind == Kind::timestamp || kind == Kind::date;
}

void copy_time(const SqlLiteral& literal, const TableColumn& column, CopyText& copy) {
  if (!is_time_of(literal.kind, column.type) && literal.kind != Kind::string) refuse_kind(literal, column);
  const std::string text = moment_of(literal.text);
  if (text.empty() || (column.type == ColumnType::date && text.size() != 10)) {
    refuse_value(literal, column,
                 fmt::format("'{}' is not a {}", literal.text,
                             column.type == ColumnType::date ? "date (2017-11-11)"
                                                             : "time (2017-11-11 00:00:00.123)"));
  }
  copy.plain(text);
}

}  // namespace

void copy_sql_literal(const SqlLiteral& literal, const TableColumn& column, const DdlType* nested,
                      CopyText& copy) {
  const Kind kind = literal.kind;
  if (kind == Kind::null) return copy.null();
  switch (column.type) {
    case ColumnType::int2:
    case ColumnType::int4:
    case ColumnType::int8:
    case ColumnType::numeric:
    case ColumnType::float4:
    case ColumnType::float8:
      if (kind == Kind::number || (kind == Kind::string && is_number_text(literal.text)))
        return copy.plain(literal.text);
      break;
    case ColumnType::boolean:
      if (kind == Kind::boolean) return copy.plain(literal.text);
      break;
    case ColumnType::text:
      if (kind == Kind::string || kind == Kind::number || kind == Kind::boolean)
        return copy.text(literal.text);
      break;
    case ColumnType::bytea:
      if (kind == Kind::binary || kind == Kind::string) return copy.bytes(literal.text);
      break;
    case ColumnType::date:
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      return copy_time(literal, column, copy);
    case ColumnType::json:
    case ColumnType::jsonb:
      if (nested != nullptr) return copy.text(json_of(literal, *nested, column));
      if (kind == Kind::json) return copy.text(literal.text);
      break;
    case ColumnType::interval:
      break;
  }
  refuse_kind(literal, column);
}

}  // namespace tablegate::loader
