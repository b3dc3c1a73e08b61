// Script mode: the SQL of an API as its author writes it, with MyBatis tags and
// placeholders, read into nodes of a statement program. Works on texts alone: no
// database is asked. read_script() is the only way in; template.hpp reads tags and
// placeholders, sql_check.hpp looks at the SQL of each path.
//   Script script = read_script({text, "", parameters, false}, problems);
//   if (problems.empty()) ...script.body, script.order, script.limit...
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/plan/node.hpp"
#include "model/api_definition.hpp"

namespace tablegate::loader {

// Of the text, in bytes; of tags within tags.
inline constexpr size_t kMaxScriptSize = size_t{64} << 10U;
inline constexpr size_t kMaxTagDepth = 32;

// What is wrong with a script, or worth a warning, and where.
struct ScriptFault {
  size_t line = 0, column = 0;  // from 1, in characters; 0: of the script as a whole
  std::string text;             // what is wrong and what to write instead, without the place
};

// "line 3, column 7: ..."; with the name of a file "orders.sql:3:7: ...".
std::string fault_text(const ScriptFault& fault, const std::string& file);

struct ScriptInput {
  const std::string& text;
  // Their places are the numbers of the nodes' parameters.
  const std::vector<RequestParameter>& parameters;
  bool paginates = false;
};

// A sort key of the script's ORDER BY that is an output column.
struct ScriptSortKey {
  std::string output;  // the output column's name
  std::string column;  // the column of the one table that it shows, as it is in the table
  bool descending = false;
};

// Calls for which the script makes no statement. They are answered with 400.
struct InvalidPath {
  core::Expression when;                // true for such a call: the tests that it passes and fails
  std::vector<std::string> parameters;  // names, that `when` reads
  std::string reason;                   // with its place
};

struct Script {
  // The statement is `body`, `order` and `limit`, one after the other. Each is empty where the script does
  // not have it. `order`: from the outermost ORDER BY; `limit`: LIMIT, OFFSET or FETCH.
  core::Nodes body, order, limit;
  std::vector<std::string>
      tables;  // of the data source, that statements read: each once, in their first order
  std::vector<ScriptFault> table_places;  // where each of `tables` is first, without a text
  // Names of columns that the statement may read, of whichever of the tables has them.
  std::set<std::string> columns;
  bool all_columns = false;  // it may read columns that it does not name (NATURAL JOIN, FROM t AS u(a, b))
  std::vector<std::string> outputs;  // names of the output columns, in order
  // Where the statement reads one table without joins, groups, DISTINCT or set operations, and each sort key
  // is an output column that shows a column of it on every path: the keys. Otherwise empty.
  std::vector<ScriptSortKey> sort;
  // Columns that a required parameter is compared with by `=`, for each row and on every path: where they are
  // the table's primary key, there is at most one row.
  std::set<std::string> fixed;
  std::vector<uint32_t> unread;  // places of the parameters that no placeholder and no test reads
  bool immutable = true;         // no function of it depends on the time, as now() does
  std::vector<InvalidPath> invalid;
  std::vector<ScriptFault> warnings;
};

// Faults go to `faults`; the script counts only where there are none.
Script read_script(const ScriptInput& input, std::vector<ScriptFault>& faults);

}  // namespace tablegate::loader
