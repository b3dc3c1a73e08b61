#include "model/ddl_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/near_name.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

struct PlainType {
  std::string_view name;
  ColumnType type;
  std::string_view sql;
};

constexpr PlainType kPlainTypes[] = {
    {"tinyint", ColumnType::int2, "smallint"},
    {"smallint", ColumnType::int2, "smallint"},
    {"int", ColumnType::int4, "integer"},
    {"integer", ColumnType::int4, "integer"},
    {"bigint", ColumnType::int8, "bigint"},
    {"float", ColumnType::float4, "real"},
    {"double", ColumnType::float8, "double precision"},
    {"string", ColumnType::text, "text"},
    {"binary", ColumnType::bytea, "bytea"},
    {"boolean", ColumnType::boolean, "boolean"},
    {"date", ColumnType::date, "date"},
    {"datetime", ColumnType::timestamptz, "timestamptz(3)"},   // milliseconds
    {"timestamp", ColumnType::timestamptz, "timestamptz(6)"},  // nanoseconds there, microseconds here
    {"timestamp_ntz", ColumnType::timestamp, "timestamp(6)"},
    {"json", ColumnType::jsonb, "jsonb"},
    {"interval_day_time", ColumnType::interval, "interval"},
    {"interval_year_month", ColumnType::interval, "interval"},
};

constexpr int kMaxDepth = 16;  // of nested types

// An argument as a number from `low` to `high`; -1 when it is none.
int bounded(const std::string& text, int low, int high) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  const int value = std::stoi(text);
  return value >= low && value <= high ? value : -1;
}

std::string map_decimal(const DdlType& type, TableColumn& column) {
  int precision = 38;
  int scale = 18;
  if (!type.arguments.empty()) {
    precision = bounded(type.arguments[0], 1, 38);
    scale = type.arguments.size() > 1 ? bounded(type.arguments[1], 0, 18) : 0;
    if (precision < 0 || scale < 0 || scale > precision) {
      return "DECIMAL(p,s) has p from 1 to 38 and s from 0 to 18, not above p";
    }
  }
  column.type = ColumnType::numeric;
  column.sql_type = fmt::format("numeric({},{})", precision, scale);
  return {};
}

std::string map_text(const DdlType& type, TableColumn& column) {
  const int limit = type.name == "char" ? 255 : 65535;
  if (type.arguments.size() != 1 || bounded(type.arguments[0], 1, limit) < 0) {
    return fmt::format("{}(n) has n from 1 to {}", type.name, limit);
  }
  column.type = ColumnType::text;
  column.sql_type = "text";
  return {};
}

std::string map_nested(const DdlType& type, TableColumn& column) {
  for (size_t i = 0; i < type.children.size(); ++i) {
    TableColumn inner;
    const std::string reason = map_ddl_type(type.children[i], inner);
    if (!reason.empty()) return fmt::format("in {}: {}", type.name, reason);
  }
  if (type.name == "map" && !type.children[0].children.empty()) {
    return fmt::format("a map's keys are scalars, {} is none", type.children[0].name);
  }
  column.type = ColumnType::jsonb;
  column.sql_type = "jsonb";
  return {};
}

class TypeReader {
 public:
  TypeReader(DdlLexer& lexer, DdlToken& token, const std::string& subject)
      : lexer_(lexer), token_(token), subject_(subject) {}

  DdlType read(int depth) {
    if (token_.kind != DdlToken::Kind::word) refuse("a type expected");
    if (depth > kMaxDepth) refuse(fmt::format("more than {} types in each other", kMaxDepth));
    DdlType type;
    type.name = core::to_lower(token_.text);
    step();
    if (type.name == "array" || type.name == "map" || type.name == "struct") {
      read_children(type, depth);
    } else if (take('(')) {
      read_arguments(type);
    }
    return type;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    const std::string found =
        token_.kind == DdlToken::Kind::end ? "the text ends" : fmt::format("found \"{}\"", token_.text);
    refuse_ddl(token_.line, token_.column, fmt::format("{}: {}, {}", subject_, reason, found));
  }
  void step() { token_ = lexer_.next(); }
  bool take(char symbol) {
    if (!token_.is_symbol(symbol)) return false;
    step();
    return true;
  }
  void expect(char symbol, const std::string& of) {
    if (!take(symbol)) refuse(fmt::format("\"{}\" of {} expected", symbol, of));
  }

  void read_arguments(DdlType& type) {
    do {
      if (token_.kind != DdlToken::Kind::word || type.arguments.size() == 2)
        refuse(fmt::format("the arguments of {} cannot be read", type.name));
      type.arguments.push_back(token_.text);
      step();
    } while (take(','));
    expect(')', type.name);
  }

  void read_children(DdlType& type, int depth) {
    const bool fields = type.name == "struct";
    const size_t most = fields ? SIZE_MAX : type.name == "map" ? 2 : 1;
    expect('<', type.name);
    do {
      if (fields) {
        const bool named = token_.kind == DdlToken::Kind::word || token_.kind == DdlToken::Kind::quoted_name;
        if (!named || token_.text.empty()) refuse("a name of a struct's field expected");
        type.fields.push_back(token_.text);
        step();
        expect(':', type.name);
      }
      type.children.push_back(read(depth + 1));
      if (fields && token_.is_word("COMMENT")) read_comment();
    } while (type.children.size() < most && take(','));
    if (!fields && type.children.size() != most) refuse(fmt::format("{} requires {} types", type.name, most));
    expect('>', type.name);
  }

  void read_comment() {
    step();
    if (token_.kind != DdlToken::Kind::string) refuse("a comment's text expected");
    while (token_.kind == DdlToken::Kind::string) step();
  }

  DdlLexer& lexer_;
  DdlToken& token_;
  const std::string& subject_;
};

std::string near_types(const std::string& name) {
  std::vector<std::string> names = {"decimal", "varchar", "char", "array", "map", "struct"};
  for (const PlainType& plain : kPlainTypes) names.emplace_back(plain.name);
  return did_you_mean(name, names);
}

}  // namespace

std::string map_ddl_type(const DdlType& type, TableColumn& column) {
  if (type.name == "decimal") return map_decimal(type, column);
  if (type.name == "varchar" || type.name == "char") return map_text(type, column);
  if (!type.children.empty()) return map_nested(type, column);
  for (const std::string_view later : {"vector", "geography", "geometry"}) {
    if (type.name == later) return fmt::format("type {} is not supported yet", type.name);
  }
  const auto* plain =
      std::find_if(std::begin(kPlainTypes), std::end(kPlainTypes),
                   [&type](const PlainType& candidate) { return candidate.name == type.name; });
  if (plain == std::end(kPlainTypes))
    return fmt::format("type {} is not known{}", type.name, near_types(type.name));
  if (!type.arguments.empty()) return fmt::format("type {} takes no arguments", type.name);
  column.type = plain->type;
  column.sql_type = plain->sql;
  return {};
}

DdlType read_ddl_type(DdlLexer& lexer, DdlToken& token, const std::string& subject) {
  return TypeReader(lexer, token, subject).read(1);
}

DdlType parse_type_text(std::string_view text, const std::string& subject) {
  DdlLexer lexer(text);
  DdlToken token = lexer.next();
  DdlType type = read_ddl_type(lexer, token, subject);
  if (token.kind != DdlToken::Kind::end) {
    refuse_ddl(token.line, token.column, fmt::format("{}: \"{}\" after the type", subject, token.text));
  }
  return type;
}

}  // namespace tablegate::loader
