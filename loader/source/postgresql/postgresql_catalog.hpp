// A PostgreSQL cluster as a source: the session, the columns of a table or
// query, and the ddl for a Table that has none. Messages begin with "the
// source". A password never comes from a definition or the command line: libpq
// finds it (PGPASSFILE, ~/.pgpass, PGPASSWORD).
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
  std::string rows;   // the SELECT that returns them
  std::vector<PostgresColumn> columns;
  std::vector<std::string> primary_key;
};

// The rows to load: a table of the source, named as in SQL, or a query.
struct PostgresRows {
  std::string dsn;
  std::string table;
  std::string query;  // instead, or empty
};

// Connects and begins a read-only transaction with one snapshot. Throws SystemFailure, Refused.
Database open_postgres(const std::string& dsn);
// Throws Refused when there is no such table, or the query is not valid here.
PostgresTable describe_postgres(Database& source, const PostgresRows& rows);

// The mirror's type for a column of the source; nullopt: there is none.
std::optional<TableColumn> postgres_type(const PostgresColumn& column);
// MaxCompute's CREATE TABLE with the columns of the source. Throws Refused, naming a column without a type
// there.
std::string postgres_ddl(const PostgresTable& table, const std::string& name);

}  // namespace tablegate::loader
