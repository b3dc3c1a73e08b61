#include "source/postgresql/postgresql_catalog.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "model/ddl_lexer.hpp"
#include "model/source_rules.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

struct PlainType {
  const char* postgres;
  ColumnType type;
  const char* sql;
  const char* ddl;
};

constexpr PlainType kPlainTypes[] = {
    {"smallint", ColumnType::int2, "smallint", "SMALLINT"},
    {"integer", ColumnType::int4, "integer", "INT"},
    {"bigint", ColumnType::int8, "bigint", "BIGINT"},
    {"real", ColumnType::float4, "real", "FLOAT"},
    {"double precision", ColumnType::float8, "double precision", "DOUBLE"},
    {"boolean", ColumnType::boolean, "boolean", "BOOLEAN"},
    {"text", ColumnType::text, "text", "STRING"},
    {"character varying", ColumnType::text, "text", "STRING"},
    {"character", ColumnType::text, "text", "STRING"},
    {"name", ColumnType::text, "text", "STRING"},
    {"bytea", ColumnType::bytea, "bytea", "BINARY"},
    {"date", ColumnType::date, "date", "DATE"},
    {"timestamp without time zone", ColumnType::timestamp, "timestamp(6)", "TIMESTAMP_NTZ"},
    {"timestamp with time zone", ColumnType::timestamptz, "timestamptz(6)", "TIMESTAMP"},
    {"json", ColumnType::json, "json", "JSON"},
    {"jsonb", ColumnType::jsonb, "jsonb", "JSON"},
    {"interval", ColumnType::interval, "interval", "INTERVAL_DAY_TIME"},
};

// Types that are loaded as their text.
constexpr const char* kAsText[] = {
    "uuid", "inet", "cidr", "macaddr", "macaddr8", "xml", "time without time zone"};

// "timestamp(3) with time zone" without its (3), which goes to `arguments`.
std::string without_arguments(const std::string& type, std::string& arguments) {
  const size_t open = type.find('(');
  const size_t close = type.find(')');
  if (open == std::string::npos || close == std::string::npos) return type;
  arguments = type.substr(open, close - open + 1);
  return type.substr(0, open) + type.substr(close + 1);
}

const PlainType* plain_type(const std::string& name) {
  for (const PlainType& plain : kPlainTypes) {
    if (name == plain.postgres) return &plain;
  }
  return nullptr;
}

template <typename Ask>
auto asked(const Ask& ask) {
  try {
    return ask();
  } catch (const DatabaseError& error) {
    throw Refused(fmt::format("the source: {}", error.what()));
  }
}

// The names and types of the query's columns, without running it.
void describe(Database& source, PostgresTable& table) {
  PGconn* const connection = source.connection();
  const Rows prepared(PQprepare(connection, "", table.rows.c_str(), 0, nullptr));
  if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
    const char* const reason = PQresultErrorField(prepared.get(), PG_DIAG_MESSAGE_PRIMARY);
    throw Refused(fmt::format("the source: {}: {}", table.shown, reason == nullptr ? "is lost" : reason));
  }
  const Rows described(PQdescribePrepared(connection, ""));
  std::vector<std::string> types;
  std::vector<std::string> modifiers;
  for (int i = 0; i < PQnfields(described.get()); ++i) {
    table.columns.push_back({PQfname(described.get(), i), {}, false, false});
    types.push_back(std::to_string(described.type(i)));
    modifiers.push_back(std::to_string(PQfmod(described.get(), i)));
  }
  if (types.empty()) throw Refused(fmt::format("the source: {} returns no columns", table.shown));
  const Rows named = asked([&] {
    return source.query(
        // A domain is what it is over, an array what its elements are.
        "WITH RECURSIVE types AS (SELECT u.place, u.type, u.modifier, 0 AS lists FROM"
        " ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int4[])) WITH ORDINALITY"
        " AS u (type, modifier, place) UNION ALL"
        " SELECT s.place, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END,"
        " CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE s.modifier END,"
        " s.lists + CASE t.typtype WHEN 'd' THEN 0 ELSE 1 END FROM types s JOIN pg_catalog.pg_type t ON "
        "t.oid = s.type"
        " WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0))"
        " SELECT pg_catalog.format_type(t.oid, s.modifier) || pg_catalog.repeat('[]', s.lists),"
        " t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace FROM types s JOIN pg_catalog.pg_type t ON "
        "t.oid = s.type"
        " WHERE NOT (t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)) ORDER BY s.place",
        {fmt::format("{{{}}}", fmt::join(types, ",")), fmt::format("{{{}}}", fmt::join(modifiers, ","))});
  });
  for (int i = 0; i < named.size(); ++i) {
    table.columns[static_cast<size_t>(i)].type = named.string(i, 0);
    table.columns[static_cast<size_t>(i)].other_schema = named.boolean(i, 1);
  }
}

// Read from tables only: NOT NULL and the primary key.
void read_constraints(Database& source, const std::string& oid, PostgresTable& table) {
  const Rows rows = source.query(
      "SELECT a.attname, a.attnotnull, coalesce(array_position(i.indkey::int2[], a.attnum), -1)"
      " FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND "
      "i.indisprimary"
      " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 3",
      {oid});
  for (int row = 0; row < rows.size(); ++row) {
    for (PostgresColumn& column : table.columns) {
      if (column.name == rows.text(row, 0)) column.not_null = rows.boolean(row, 1);
    }
    if (rows.integer(row, 2) >= 0) table.primary_key.push_back(rows.string(row, 0));
  }
}

std::string quoted_name(const std::string& name) {
  std::string text = "`";
  for (const char c : name) text += c == '`' ? "``" : std::string(1, c);
  return text + '`';
}

// The type's word in MaxCompute's DDL; "" where there is none.
std::string ddl_word(const PostgresColumn& column) {
  const size_t size = column.type.size();
  if (size > 2 && column.type.compare(size - 2, 2, "[]") == 0) {
    PostgresColumn element = column;
    element.type.resize(size - 2);
    const std::string word = ddl_word(element);
    return word.empty() ? "" : fmt::format("ARRAY<{}>", word);
  }
  std::string arguments;
  const std::string name = without_arguments(column.type, arguments);
  if (name == "numeric") return arguments.empty() ? "" : "DECIMAL" + arguments;
  if (const PlainType* const plain = plain_type(name)) return plain->ddl;
  const bool as_text = column.other_schema ||
                       std::find_if(std::begin(kAsText), std::end(kAsText),
                                    [&name](const char* one) { return name == one; }) != std::end(kAsText);
  return as_text ? "STRING" : "";
}

}  // namespace

Database open_postgres(const std::string& dsn) {
  if (const std::string reason = bad_source_dsn(dsn); !reason.empty())
    throw Refused("the source's dsn " + reason, Hint::program("psql DSN"));
  try {
    Database source = Database::connect(dsn, "the source");
    // Names in a query are looked up with the source's own search_path.
    source.script(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; RESET search_path; SET LOCAL statement_timeout = 0;"
        " SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL bytea_output = hex; SET LOCAL "
        "extra_float_digits = 3");
    return source;
  } catch (const DatabaseError& error) {
    throw Refused(fmt::format("the source: {}", error.what()));
  } catch (const SystemFailure& failure) {
    throw SystemFailure(failure.what(), Hint::program("psql DSN"));
  }
}

PostgresTable describe_postgres(Database& source, const PostgresRows& rows) {
  PostgresTable table;
  if (!rows.query.empty()) {
    table.shown = "(query)";
    // The line feed ends a comment at the end of the query. Only a SELECT is valid here.
    table.rows =
        fmt::format("SELECT * FROM ({}\n) AS source_query", core::trimmed_end(rows.query, "; \t\r\n"));
    describe(source, table);
    return table;
  }
  const Rows found = asked([&] {
    return source.query(
        "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        {rows.table});
  });
  if (found.empty())
    throw Refused(fmt::format("the source has no table {}", rows.table), Hint::program("psql -c '\\d' DSN"));
  table.shown = found.string(0, 1);
  table.rows = "SELECT * FROM " + table.shown;
  describe(source, table);
  asked([&] { read_constraints(source, found.string(0, 0), table); });
  return table;
}

std::optional<TableColumn> postgres_type(const PostgresColumn& column) {
  TableColumn type;
  type.name = column.name;
  std::string arguments;
  const std::string name = without_arguments(column.type, arguments);
  if (name == "numeric") {
    type.type = ColumnType::numeric;
    type.sql_type = "numeric" + arguments;
    return type;
  }
  const PlainType* const plain = plain_type(name);
  if (plain == nullptr) return std::nullopt;
  type.type = plain->type;
  type.sql_type = plain->sql;
  const bool moment = plain->type == ColumnType::timestamp || plain->type == ColumnType::timestamptz;
  if (moment && !arguments.empty())
    type.sql_type = type.sql_type.substr(0, type.sql_type.find('(')) + arguments;
  return type;
}

std::string postgres_ddl(const PostgresTable& table, const std::string& name) {
  std::vector<std::string> columns;
  std::set<std::string> names;
  for (const PostgresColumn& column : table.columns) {
    if (!names.insert(core::to_lower(column.name)).second)
      throw Refused(fmt::format("column \"{}\" of the source is repeated: names are case-insensitive here",
                                column.name));
    const std::string word = ddl_word(column);
    if (word.empty())
      throw Refused(
          fmt::format("column \"{}\" of the source is {}, which has no type here: write a ddl (as STRING it "
                      "is loaded as its text)",
                      column.name, column.type));
    columns.push_back(
        fmt::format("{} {}{}", quoted_name(column.name), word, column.not_null ? " NOT NULL" : ""));
  }
  if (!table.primary_key.empty()) {
    std::vector<std::string> key;
    for (const std::string& column : table.primary_key) key.push_back(quoted_name(column));
    columns.push_back(fmt::format("PRIMARY KEY ({})", fmt::join(key, ", ")));
  }
  return fmt::format("CREATE TABLE {} ({})", quoted_name(name), fmt::join(columns, ", "));
}

}  // namespace tablegate::loader
