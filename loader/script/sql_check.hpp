// Looks at the SQL of one path of a script, with $1, $2, ... for its placeholders:
// PostgreSQL's own grammar (libpg_query), and what is not allowed in a script. Every
// kind of node in the parse tree that is not known here is rejected.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tablegate::loader {

struct SqlFault {
  size_t offset = 0;    // byte of the SQL
  std::string text;     // what is wrong and what to write instead
  bool syntax = false;  // it is no statement at all
};

// A mirrored table that the statement reads, by its bare name.
struct SqlTable {
  std::string name;           // folded to lower case where it was not quoted, as PostgreSQL does
  size_t begin = 0, end = 0;  // bytes of the name in the SQL
  bool has_alias = false;
};

struct SqlSortKey {
  std::string output;  // the output column's name; empty: no output column that shows a plain column
  std::string column;
  bool descending = false;
};

struct SqlFacts {
  std::vector<SqlTable> tables;
  std::vector<std::string> outputs;
  std::set<std::string> columns;  // names that may be columns of tables, anywhere in the statement
  bool all_columns = false;       // NATURAL JOIN
  bool immutable = true;          // no function of it depends on the time
  bool simple = false;            // one table; no join, group, DISTINCT, window, set operation, CTE
  std::vector<SqlSortKey> sort;
  // Bytes of the outermost ORDER BY, of LIMIT, OFFSET or FETCH; nullopt: there is none. `limit` may stand
  // before or after `offset`; both begin at the first of them.
  std::optional<size_t> order, limit;
  bool with_ties = false;
  std::vector<size_t> ends;  // bytes of the semicolons around the statement
  // Conditions `column = $N` that all rows fulfil, with N - 1: of the outermost WHERE, only where `simple`.
  std::vector<std::pair<std::string, size_t>> equal;
};

// `is_list`: of placeholder $N, at N - 1. Facts count only where `faults` gets nothing.
SqlFacts check_sql(const std::string& sql, const std::vector<bool>& is_list, std::vector<SqlFault>& faults);

}  // namespace tablegate::loader
