// How files of rows are to be read, as `table load` was told. Plain data: made by
// cli/csv_options, read by everything that reads files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
  detect,    // the first record is one where it names every column (of two or more)
  names,     // the first record names the columns, in any order
  position,  // the first record is one, but columns stand in the table's order
  none       // the first record is a row, whatever it looks like
};

struct CsvOptions {
  std::string path;  // a file, a .gz file, a folder, a glob or "-"
  RowFormat format = RowFormat::csv;
  CsvQuotes quotes = CsvQuotes::strict;  // csv
  RowHeader header = RowHeader::detect;
  std::string delimiter = ",";  // csv: one byte
  std::string record_end;       // text; empty: a line feed, or CR LF where the first record ends so
  std::string null;             // an unquoted field of these bytes is NULL
  std::string charset;          // iconv's name; empty: UTF-8
  std::string zone;             // of times without offset; empty: the table's
  // Of a column's dates or times, "": of all that have none of their own; without any they are ISO 8601.
  std::vector<std::pair<std::string, TimeFormat>> time_formats;
  std::vector<std::pair<std::string, std::string>> constants;  // columns that are not in the files
  std::optional<uint64_t> max_errors;                          // not set: the first bad row ends the load
  std::string rejects;                                         // file for bad rows
};

}  // namespace tablegate::loader
