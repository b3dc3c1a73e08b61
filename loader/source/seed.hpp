// A seed file: MaxCompute's INSERT INTO ... VALUES as a source of rows, with the
// CREATE TABLE before it where it has one. Statements about other tables are
// passed over, so that one file may fill several. Nothing is executed as SQL.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "source/copy_text.hpp"
#include "source/ddl.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct SeedTable {
  std::vector<std::string> names;    // that the table may have in the file, in lower case
  std::vector<TableColumn> columns;  // of the mirror
};

// Reads the statements and writes each row for `table`, all its columns in order; `line` is where the row
// begins. Throws Refused: "ddl, line:column: reason".
void read_seed(std::string_view text, const SeedTable& table, CopyText& copy,
               const std::function<void(size_t line)>& row_written);

class SeedSource final : public TableSource {
 public:
  // Reads the file whole, or standard input ("-"). Throws SystemFailure, Refused.
  SeedSource(std::string path, SeedTable table);

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return "sql:" + path_; }
  std::optional<SourceTime> source_time() const override { return time_; }

 private:
  std::string path_;
  std::string shown_;  // path in messages
  SeedTable table_;
  std::string text_;
  std::optional<SourceTime> time_;
};

}  // namespace tablegate::loader
