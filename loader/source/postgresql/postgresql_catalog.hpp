// A PostgreSQL cluster as a source: the session, the columns of a table or query
// there, and the ddl that a Table without one gets. Messages tell that it is the
// source that speaks; no password ever comes from a definition or the command
// line (libpq finds it: PGPASSFILE, ~/.pgpass, PGPASSWORD).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "model/ddl.hpp"

namespace tablegate::loader {

struct PostgresColumn {
  std::string name;
  std::string type;           // as format_type() writes it: "character varying(10)"
  bool other_schema = false;  // its type, or that of its elements, is none of PostgreSQL's own: read as text
  bool not_null = false;
};

struct PostgresTable {
  std::string shown;  // "public.orders", "(query)"
  std::string rows;   // SELECT that gives them
  std::vector<PostgresColumn> columns;
  std::vector<std::string> primary_key;
};

// What the rows are: a table of the source as its SQL names it, or a query.
struct PostgresRows {
  std::string dsn;
  std::string table;
  std::string query;  // instead, or empty
};

// Connects and begins a transaction that sees one snapshot and writes nothing. Throws SystemFailure, Refused.
Database open_postgres(const std::string& dsn);
// Throws Refused when there is no such table, or the query cannot be one.
PostgresTable describe_postgres(Database& source, const PostgresRows& rows);

// What a column's values are in PostgreSQL's types that the mirror knows; nullopt: none of them.
std::optional<TableColumn> postgres_type(const PostgresColumn& column);
// MaxCompute's CREATE TABLE with the columns of the source. Throws Refused, naming what has no type there.
std::string postgres_ddl(const PostgresTable& table, const std::string& name);

}  // namespace tablegate::loader
