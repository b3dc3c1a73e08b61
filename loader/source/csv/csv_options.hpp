// How files of rows are read, from the options of `table load`. Plain data:
// made by cli/csv_options, used by everything that reads files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_root.hpp"
#include "source/csv/time_format.hpp"

namespace tablegate::loader {

enum class RowFormat : uint8_t {
  csv,  // RFC 4180, as COPY ... (FORMAT csv) reads it
  text  // nothing quoted, nothing escaped: odpscmd's plain files
};

// RFC 4180 has quotes around whole fields only; what others write is read where it is asked for.
enum class CsvQuotes : uint8_t {
  strict,   // any other quote is a fault of its row
  lenient,  // a quote that does not begin or end a field is text
  none      // a quote is a byte like others
};

enum class RowHeader : uint8_t {
  detect,    // the first record is a header if it names every column (of two or more)
  names,     // the first record is a header with the columns in any order
  position,  // the first record is a header, but the fields are in the table's order
  none       // the first record is a row, whatever it looks like
};

struct CsvOptions {
  std::string path;  // a file, a .gz file, a folder, a glob or "-"
  FileRoot root;     // opens the files
  RowFormat format = RowFormat::csv;
  CsvQuotes quotes = CsvQuotes::strict;  // csv
  RowHeader header = RowHeader::detect;
  std::string delimiter = ",";  // csv: one byte
  std::string record_end;       // text; empty: a line feed, or CR LF where the first record ends so
  std::string null;             // an unquoted field with these bytes is NULL
  std::string charset;          // iconv's name; empty: UTF-8
  std::string zone;             // for times without an offset; empty: the table's
  // Formats of a column's dates or times; "" for all columns that have none of their own. None: ISO 8601.
  std::vector<std::pair<std::string, TimeFormat>> time_formats;
  std::vector<std::pair<std::string, std::string>> constants;  // columns that are not in the files
  std::optional<uint64_t> max_errors;                          // not set: the first bad row ends the load
  std::string rejects;                                         // the file for bad rows
};

}  // namespace tablegate::loader
