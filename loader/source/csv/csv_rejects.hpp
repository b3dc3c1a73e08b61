// The bad rows of a load with --max-errors: counted, and written to a CSV file
// with file, line, column, reason and the original record. The first bad row
// replaces an older file. Only the loader's user may read the file, because it
// holds rows.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace tablegate::loader {

// The option that may read the row.
enum class RowHelp { none, quotes, joined, times, charset, header };

struct BadRow {
  std::string file;
  uint64_t line = 0;
  std::string column;  // or empty
  std::string reason;
  RowHelp help = RowHelp::none;  // not in the file
};

class CsvRejects {
 public:
  CsvRejects(std::string path, uint64_t limit) : path_(std::move(path)), limit_(limit) {}

  // Throws Refused, with this row as the reason, when the limit is exceeded; SystemFailure when the file
  // cannot be written.
  void add(const BadRow& row, std::string_view record);
  // Writes everything to disk.
  void close();
  uint64_t count() const { return count_; }
  const std::string& path() const { return path_; }

 private:
  void open();

  std::string path_;
  uint64_t limit_;
  uint64_t count_ = 0;
  std::ofstream out_;
};

// `FILE, line 3, column "age": reason`
std::string bad_row_text(const BadRow& row);

}  // namespace tablegate::loader
