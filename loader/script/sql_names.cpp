#include "script/sql_names.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include "base/embedded.hpp"
#include "base/near_name.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {

namespace {

struct FunctionList {
  std::map<std::string_view, SqlFunction> allowed;
  std::set<std::string_view> of_rows;
  std::vector<std::string> names;
};

// The lines of functions.txt, which are static: NAME VOLATILITY [KINDS], or NAME -.
FunctionList read_functions(std::string_view lines) {
  FunctionList list;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t blank = line.find(' ');
    if (blank == std::string_view::npos || blank + 1 >= line.size()) continue;
    const std::string_view name = line.substr(0, blank);
    if (line[blank + 1] == '-') {
      list.of_rows.insert(name);
      continue;
    }
    const std::string_view kinds = line.substr(blank + 2);
    const auto has = [kinds](char kind) { return kinds.find(kind) != std::string_view::npos; };
    list.allowed[name] = {has('a'), has('w'), has('r')};
    list.names.emplace_back(name);
  }
  // Called as functions are, and a part of the grammar.
  for (const char* const name : {"coalesce", "nullif", "greatest", "least"}) list.names.emplace_back(name);
  return list;
}

const FunctionList& function_list() {
  static const FunctionList list = read_functions(embedded_script_functions().front().content);
  return list;
}

struct NameHint {
  std::string_view name, instead;
};

constexpr NameHint kFunctionHints[] = {
    {"nvl", "coalesce(a, b)"},
    {"ifnull", "coalesce(a, b)"},
    {"isnull", "a IS NULL"},
    {"nvl2", "CASE WHEN a IS NOT NULL THEN b ELSE c END"},
    {"if", "CASE WHEN a THEN b ELSE c END"},
    {"iif", "CASE WHEN a THEN b ELSE c END"},
    {"getdate", "now()"},
    {"sysdate", "now()"},
    {"curdate", "CURRENT_DATE"},
    {"clock_timestamp", "now()"},
    {"instr", "strpos(text, part)"},
    {"locate", "strpos(text, part)"},
    {"find_in_set", "array_position(string_to_array(list, ','), text)"},
    {"charindex", "strpos(text, part)"},
    {"dateadd", "a + interval '1 day'"},
    {"date_add", "a + interval '1 day'"},
    {"adddate", "a + interval '1 day'"},
    {"add_months", "a + interval '1 month'"},
    {"date_sub", "a - interval '1 day'"},
    {"datediff", "a - b, which gives days for dates and an interval for times"},
    {"timestampdiff", "a - b, or extract(epoch FROM a - b)"},
    {"months_between", "age(a, b)"},
    {"last_day", "date_trunc('month', a) + interval '1 month - 1 day'"},
    {"datetrunc", "date_trunc('day', a)"},
    {"datepart", "extract(day FROM a)"},
    {"year", "extract(year FROM a)"},
    {"month", "extract(month FROM a)"},
    {"day", "extract(day FROM a)"},
    {"hour", "extract(hour FROM a)"},
    {"weekday", "extract(isodow FROM a) - 1"},
    {"date_format", "to_char(a, 'YYYY-MM-DD')"},
    {"from_unixtime", "to_timestamp(a)"},
    {"unix_timestamp", "extract(epoch FROM a)"},
    {"str_to_date", "to_date(a, 'YYYY-MM-DD')"},
    {"wm_concat", "string_agg(a, ',')"},
    {"group_concat", "string_agg(a, ',')"},
    {"listagg", "string_agg(a, ',')"},
    {"collect_list", "array_agg(a)"},
    {"collect_set", "array_agg(DISTINCT a)"},
    {"regexp_extract", "substring(a FROM 'pattern')"},
    {"rlike", "a ~ 'pattern'"},
    {"get_json_object", "a ->> 'name', or jsonb_path_query_first(a, '$.name')"},
    {"json_extract", "a -> 'name', or jsonb_path_query_first(a, '$.name')"},
    {"split", "string_to_array(a, ',')"},
    {"explode", "unnest(array) in FROM"},
    {"size", "cardinality(array)"},
    {"rand", "an order of the rows that does not change"},
    {"random", "an order of the rows that does not change"},
    {"ucase", "upper(a)"},
    {"lcase", "lower(a)"},
    {"toupper", "upper(a)"},
    {"tolower", "lower(a)"},
    {"to_string", "a::text"},
    {"tostring", "a::text"},
    {"len", "length(a)"},
    {"lengthb", "octet_length(a)"},
    {"substring_index", "split_part(a, ',', 1)"},
    {"approx_distinct", "count(DISTINCT a)"},
};

constexpr std::string_view kTypes[] = {
    "bit",       "bool",           "bpchar",         "bytea",        "char",
    "cidr",      "date",           "datemultirange", "daterange",    "float4",
    "float8",    "inet",           "int2",           "int4",         "int4multirange",
    "int4range", "int8",           "int8multirange", "int8range",    "interval",
    "json",      "jsonb",          "jsonpath",       "macaddr",      "macaddr8",
    "numeric",   "nummultirange",  "numrange",       "text",         "time",
    "timestamp", "timestamptz",    "timetz",         "tsmultirange", "tsquery",
    "tsrange",   "tstzmultirange", "tstzrange",      "tsvector",     "uuid",
    "varbit",    "varchar",
};

constexpr NameHint kTypeHints[] = {
    {"string", "text"},          {"double", "double precision"},
    {"datetime", "timestamptz"}, {"tinyint", "smallint"},
    {"binary", "bytea"},         {"varchar2", "varchar"},
    {"number", "numeric"},       {"signed", "bigint"},
    {"unsigned", "bigint"},      {"long", "bigint"},
    {"nvarchar", "varchar"},     {"longtext", "text"},
};

constexpr NameHint kMoments[] = {
    {"now", "now()"},
    {"today", "CURRENT_DATE"},
    {"tomorrow", "CURRENT_DATE + 1"},
    {"yesterday", "CURRENT_DATE - 1"},
};

constexpr NameHint kSyntaxHints[] = {
    {"rlike", "write a ~ 'pattern'"},
    {"regexp", "write a ~ 'pattern'"},
    {"div", "write div(a, b)"},
    {"xor", "write a <> b"},
    {"view", "write CROSS JOIN LATERAL unnest(array)"},  // LATERAL VIEW explode(...)
};

template <size_t N>
std::string_view hint_of(const NameHint (&hints)[N], std::string_view name) {
  for (const NameHint& hint : hints)
    if (core::same_in_any_case(hint.name, name)) return hint.instead;
  return {};
}

}  // namespace

const SqlFunction* sql_function(std::string_view name) {
  const auto& allowed = function_list().allowed;
  const auto found = allowed.find(name);
  return found == allowed.end() ? nullptr : &found->second;
}

bool depends_on_time(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOfTheTime = {"now", "transaction_timestamp",
                                                          "statement_timestamp", "age"};
  return std::find(kOfTheTime.begin(), kOfTheTime.end(), name) != kOfTheTime.end();
}

bool takes_whole_row(std::string_view name) {
  return function_list().of_rows.count(name) != 0;
}

std::string function_fault(std::string_view name) {
  std::string text = "a script cannot call the function " + std::string(name) + "()";
  const std::string_view instead = hint_of(kFunctionHints, name);
  if (!instead.empty()) return text + "; write " + std::string(instead);
  const std::string near = nearest_name(name, function_list().names);
  if (!near.empty()) return text + "; is " + near + "() meant?";
  return text +
         "; it can call PostgreSQL's immutable and stable functions, without those that read the server, its "
         "settings or its catalogs";
}

bool is_sql_type(std::string_view name) {
  return std::find(std::begin(kTypes), std::end(kTypes), name) != std::end(kTypes);
}

std::string type_fault(std::string_view name) {
  std::string text = "the type " + std::string(name) + " is not allowed in a script";
  const std::string_view instead = hint_of(kTypeHints, name);
  return instead.empty() ? text : text + "; write " + std::string(instead);
}

std::string system_column_fault(std::string_view name) {
  return std::string(name) + " is a system column of PostgreSQL, which is not allowed";
}

bool is_time_type(std::string_view name) {
  constexpr std::array<std::string_view, 5> kTimes = {"date", "time", "timetz", "timestamp", "timestamptz"};
  return std::find(kTimes.begin(), kTimes.end(), name) != kTimes.end();
}

std::string_view moment_hint(std::string_view text) {
  text = core::trimmed(text);
  const size_t end = std::min(text.find_first_of(core::kBlanks), text.size());
  return hint_of(kMoments, text.substr(0, end));
}

std::string_view syntax_hint(std::string_view word, std::string_view message) {
  if (message.find("LIMIT #,#") != std::string_view::npos) return "write LIMIT count OFFSET start";
  return hint_of(kSyntaxHints, word);
}

}  // namespace tablegate::loader
