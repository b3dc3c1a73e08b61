// COPY for rows of which some may be bad: in batches under a savepoint, kept
// until PostgreSQL has accepted them. PostgreSQL reports the first bad row of a
// batch: the rows before it are sent again, the bad one is rejected, and the
// rows after it follow. No row is sent more than twice.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "source/copy_stream.hpp"
#include "source/copy_text.hpp"

namespace tablegate::loader {

class CsvBatch {
 public:
  // `reject` receives PostgreSQL's report on a row, the row's line and its record.
  using Reject = std::function<void(const CopyFault&, uint64_t line, std::string_view record)>;

  CsvBatch(Database& database, std::string table, std::vector<std::string> columns, Reject reject);

  // Where the next row is written; call end_row() after it.
  CopyText& row() { return rows_; }
  void end_row(uint64_t line, std::string_view record);
  // Sends what is left; returns the number of rows that PostgreSQL accepted, of all batches.
  int64_t finish();

 private:
  struct Row {
    size_t end;         // of its text in rows_
    size_t record_end;  // in records_
    uint64_t line;
  };

  void send();
  void flush();
  void copy(size_t begin, size_t end);
  bool try_copy(size_t begin, size_t end, CopyFault& fault);
  bool settle(CopyStream& stream, CopyFault& fault);
  std::string_view text(size_t begin, size_t end) const;

  Database& database_;
  std::string table_;
  std::vector<std::string> columns_;
  Reject reject_;
  CopyText rows_;
  std::string records_;
  std::vector<Row> ends_;
  std::unique_ptr<CopyStream> stream_;  // of this batch, while nothing has failed
  size_t sent_ = 0;                     // bytes of rows_ that were sent
  int64_t taken_ = 0;
};

}  // namespace tablegate::loader
