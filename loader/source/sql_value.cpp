#include "source/sql_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "source/ddl_lexer.hpp"
#include "source/maxcompute_value.hpp"

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
      return "a truth value";
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

// "2017-11-11"; `size` tells how much of the text it is.
bool begins_with_date(std::string_view text, size_t& size) {
  size = 10;
  return text.size() >= 10 && only_digits(text.substr(0, 4)) && text[4] == '-' &&
         only_digits(text.substr(5, 2)) && text[7] == '-' && only_digits(text.substr(8, 2));
}

// "2017-11-11[ 00:00:00[.123456789]]" with at most 6 fraction digits left; "" where it is none.
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

// As JSON inside a jsonb column.
std::string json_of(const SqlLiteral& literal, const TableColumn& column);

std::string json_string(const std::string& text) {
  MaxComputeType type;  // STRING
  RecordValue value;
  value.null = false;
  value.bytes = text;
  std::string out;
  append_json(type, value, out);
  return out;
}

std::string json_object(const SqlLiteral& literal, const TableColumn& column) {
  std::string out = "{";
  for (size_t i = 0; i < literal.items.size(); i += 2) {
    if (i > 0) out += ',';
    const std::string key = json_of(literal.items[i], column);
    out += key[0] == '"' ? key : json_string(key);
    out += ':';
    out += json_of(literal.items[i + 1], column);
  }
  return out + "}";
}

std::string json_of(const SqlLiteral& literal, const TableColumn& column) {
  switch (literal.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return literal.text;
    case Kind::number:
      // ".5" and "5." are no JSON
      if (literal.text.find_first_of("0123456789") == literal.text.find_first_not_of('-') &&
          literal.text.back() != '.')
        return literal.text;
      refuse_value(literal, column, fmt::format("\"{}\" cannot stand inside a nested value", literal.text));
    case Kind::string:
      return json_string(literal.text);
    case Kind::date: {
      size_t size = 0;
      if (!begins_with_date(literal.text, size) || literal.text.size() != size)
        refuse_value(literal, column, fmt::format("'{}' is no date (2017-11-11)", literal.text));
      return json_string(literal.text);
    }
    case Kind::json:
      return literal.text;
    case Kind::array: {
      std::string out = "[";
      for (size_t i = 0; i < literal.items.size(); ++i)
        out += (i > 0 ? "," : "") + json_of(literal.items[i], column);
      return out + "]";
    }
    case Kind::map:
    case Kind::named_struct:
      return json_object(literal, column);
    default:
      refuse_value(literal, column,
                   fmt::format("{} inside a nested value is not supported yet", kind_name(literal.kind)));
  }
}

[[noreturn]] void refuse_kind(const SqlLiteral& literal, const TableColumn& column) {
  refuse_value(literal, column,
               fmt::format("{} where {} is wanted", kind_name(literal.kind), column.sql_type));
}

// Which times may stand in a column besides a text of that form.
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
                 fmt::format("'{}' is no {}", literal.text,
                             column.type == ColumnType::date ? "date (2017-11-11)"
                                                             : "time (2017-11-11 00:00:00.123)"));
  }
  copy.plain(text);
}

}  // namespace

void copy_sql_literal(const SqlLiteral& literal, const TableColumn& column, CopyText& copy) {
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
      if (kind == Kind::json || kind == Kind::array || kind == Kind::map || kind == Kind::named_struct)
        return copy.text(json_of(literal, column));
      break;
    case ColumnType::interval:
      break;
  }
  refuse_kind(literal, column);
}

}  // namespace tablegate::loader
