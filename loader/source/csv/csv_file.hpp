// One open file of rows: its charset, its header, and the table's column for
// each of its fields. Read once, from the beginning to the end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/csv/charset.hpp"
#include "source/csv/csv_options.hpp"
#include "source/csv/record_reader.hpp"

namespace tablegate::loader {

class CsvFile {
 public:
  // `columns`: of the table, in order, without those that --partition sets. Throws Refused, SystemFailure.
  CsvFile(const std::string& path, const CsvOptions& options, const std::vector<std::string>& columns);

  const std::string& label() const { return label_; }  // in messages
  const std::vector<std::string>& columns() const { return columns_; }
  bool has_header() const { return has_header_; }
  RecordReader& reader() const { return *reader_; }
  TextSource& bytes() const { return *bytes_; }

 private:
  void read_header(const std::vector<std::string>& columns);
  std::vector<std::string> names() const;
  void refuse_other_delimiter(const std::vector<std::string>& found,
                              const std::vector<std::string>& columns) const;
  void refuse_nearly(const std::vector<std::string>& found, const std::vector<std::string>& columns) const;
  void match(const std::vector<std::string>& names, const std::vector<std::string>& columns);

  const CsvOptions& options_;
  std::string label_;
  std::unique_ptr<TextSource> bytes_;
  std::unique_ptr<RecordReader> reader_;
  std::vector<std::string> columns_;  // of the file, in the file's order
  bool has_header_ = false;
};

}  // namespace tablegate::loader
