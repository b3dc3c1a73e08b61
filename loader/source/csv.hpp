// CSV into a table: opens the file, matches a header's names with the table's
// columns, and streams the rest through COPY ... (FORMAT csv). A row that cannot
// be loaded is refused by file, line and column; the transaction is the
// caller's, and so is whatever becomes of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catalog/database.hpp"
#include "source/byte_source.hpp"
#include "source/copy_stream.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct CsvOptions {
  std::string path;     // a file, a .gz file or "-"
  bool header = false;  // the first record names the columns; found out where it names all of two or more
  char delimiter = ',';
  std::string null;  // an unquoted field of these bytes is NULL
};

class CsvSource final : public TableSource {
 public:
  // Opens the file and reads its first record. `columns`: names of the table's columns in order. Throws
  // Refused.
  CsvSource(CsvOptions options, std::vector<std::string> columns);

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return "csv:" + options_.path; }
  std::optional<SourceTime> source_time() const override { return time_; }

 private:
  bool fill();
  void read_first_record();
  void match_header(const std::vector<std::string>& names);
  bool is_header(const std::vector<std::string>& fields) const;
  void send(CopyStream& copy, const ProgressWatch& progress);
  [[noreturn]] void refuse_row(const CopyFault& fault) const;

  CsvOptions options_;
  std::vector<std::string> columns_;       // of the table
  std::vector<std::string> file_columns_;  // in the order of the file
  std::string label_;                      // of the file, in messages
  std::unique_ptr<ByteSource> bytes_;
  std::string buffer_;  // read and not sent yet
  bool at_end_ = false;
  uint64_t header_lines_ = 0;
  std::optional<SourceTime> time_;
};

}  // namespace tablegate::loader
