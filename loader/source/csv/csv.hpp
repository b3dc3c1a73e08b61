// Loads files of rows into a table: CSV and odpscmd's text, one file after the
// other. What COPY can read itself is sent byte for byte; other files are cut
// into records and converted. A row that cannot be loaded ends the load with
// its file, line and column, or is set aside (--max-errors). The caller owns
// the transaction and decides whether it commits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/ddl.hpp"
#include "source/copy_stream.hpp"
#include "source/csv/csv_file.hpp"
#include "source/csv/csv_options.hpp"
#include "source/csv/csv_rejects.hpp"
#include "source/csv/field_writer.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

class CsvSource final : public TableSource {
 public:
  // Finds the files, opens the first one and reads its first record. `columns`: of the table, in order;
  // `nested`: types of the columns that are an ARRAY, MAP or STRUCT. Throws Refused, SystemFailure.
  CsvSource(CsvOptions options, std::vector<TableColumn> columns, std::map<std::string, DdlType> nested = {});

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return "csv:" + options_.path; }
  std::optional<SourceTime> source_time() const override { return time_; }
  std::string remark() const override;

 private:
  int64_t copy_files(Database& database, const std::string& table, bool freeze,
                     const ProgressWatch& progress);
  bool as_copy_reads(CsvFile& file) const;
  int64_t copy_bytes(CsvFile& file, Database& database, const std::string& table, bool freeze,
                     const ProgressWatch& progress);
  int64_t copy_rows(CsvFile& file, Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress);
  int64_t copy_good_rows(CsvFile& file, Database& database, const std::string& table,
                         const ProgressWatch& progress);

  std::vector<FieldWriter> writers_of(const CsvFile& file) const;
  std::vector<std::string> copied_columns(const CsvFile& file) const;
  bool write_row(CsvFile& file, const std::vector<FieldWriter>& writers, CopyText& copy, BadRow& bad) const;
  void report(CsvFile& file, const ProgressWatch& progress, uint64_t rows);
  [[noreturn]] void refuse_row(const CsvFile& file, const BadRow& bad) const;
  [[noreturn]] void refuse(const CopyFault& fault, const CsvFile& file, uint64_t line, uint64_t record) const;

  CsvOptions options_;
  std::vector<TableColumn> columns_;  // of the table
  std::map<std::string, DdlType> nested_;
  std::vector<std::string> names_;  // of the columns that the files have
  std::vector<std::string> paths_;
  std::unique_ptr<CsvFile> first_;
  CsvRejects rejects_;
  uint64_t rows_done_ = 0;   // of the finished files
  uint64_t bytes_done_ = 0;  // of the finished files
  uint64_t total_ = 0;       // bytes of all files, 0: not known
  std::optional<SourceTime> time_;
};

}  // namespace tablegate::loader
