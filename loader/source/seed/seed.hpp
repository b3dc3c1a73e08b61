// Reads a seed file: MaxCompute's INSERT INTO ... VALUES, converted to COPY
// text, with an optional CREATE TABLE before it. Statements about other tables
// are skipped, so that one file may fill several tables. Nothing is executed as
// SQL.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/ddl.hpp"
#include "model/ddl_type.hpp"
#include "source/copy_text.hpp"

namespace tablegate::loader {

struct SeedTable {
  std::vector<std::string> names;         // names of the table in the file, in lower case
  std::vector<TableColumn> columns;       // of the mirror
  std::map<std::string, DdlType> nested;  // types of the columns that are an ARRAY, MAP or STRUCT
};

// Reads the statements and writes each row for `table`, all its columns in order; `line` is where the row
// begins. Throws Refused: "ddl, line:column: reason".
void read_seed(std::string_view text, const SeedTable& table, CopyText& copy,
               const std::function<void(size_t line)>& row_written);

}  // namespace tablegate::loader
