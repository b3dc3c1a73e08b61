// CSV into a table: opens the file, matches a header's names with the table's
// columns, and streams the rest through COPY ... (FORMAT csv). A row that cannot
// be loaded is refused by file, line and column; the transaction is the
// caller's, and so is whatever becomes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/database.hpp"
#include "source/byte_source.hpp"

namespace tablegate::loader {

struct CsvOptions {
  std::string path;     // a file, a .gz file or "-"
  bool header = false;  // the first record names the columns; found out where it names all of two or more
  char delimiter = ',';
  std::string null;  // an unquoted field of these bytes is NULL
};

struct CopyProgress {
  uint64_t rows = 0;   // records sent so far
  uint64_t bytes = 0;  // taken from the file
  uint64_t total = 0;  // size of the file, 0: not known
};

class CsvSource {
 public:
  // Opens the file and reads its first record. `columns`: names of the table's columns in order. Throws
  // Refused.
  CsvSource(CsvOptions options, std::vector<std::string> columns);

  // Runs COPY into `table` (quoted already) and returns the number of rows. `freeze`: the table was created
  // in this transaction. `progress` is called after each chunk.
  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const std::function<void(const CopyProgress&)>& progress);

 private:
  bool fill();
  void read_first_record();
  void match_header(const std::vector<std::string>& names);
  bool is_header(const std::vector<std::string>& fields) const;
  std::string copy_sql(const std::string& table, bool freeze) const;
  void send(Database& database, const std::function<void(const CopyProgress&)>& progress);
  [[noreturn]] void refuse_row(PGresult* result) const;

  CsvOptions options_;
  std::vector<std::string> columns_;       // of the table
  std::vector<std::string> file_columns_;  // in the order of the file
  std::string label_;                      // of the file, in messages
  std::unique_ptr<ByteSource> bytes_;
  std::string buffer_;  // read and not sent yet
  bool at_end_ = false;
  uint64_t header_lines_ = 0;
};

}  // namespace tablegate::loader
