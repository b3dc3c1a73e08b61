// The options of `table load` for files of rows: as they are given, checked, and
// as the reader of files needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/verb.hpp"
#include "mirror/table_spec.hpp"
#include "source/csv/csv_options.hpp"

namespace tablegate::loader {

struct CsvArguments {
  std::string format = "csv";
  std::string header;  // empty, names, position or none
  std::string delimiter = ",";
  std::string quote;  // empty or none
  bool lenient_quotes = false;
  std::string record_end;
  std::string null;
  std::string charset;
  std::vector<std::string> time_formats;  // [COLUMN=]FORMAT
  std::string zone;
  std::optional<int64_t> max_errors;
  std::string rejects;

  bool given() const {
    return format != "csv" || !header.empty() || delimiter != "," || !quote.empty() || lenient_quotes ||
           !record_end.empty() || !null.empty() || !charset.empty() || !zone.empty() ||
           !time_formats.empty() || max_errors || !rejects.empty();
  }
};

void add_csv_options(Verb& verb, CsvArguments& arguments);

// `partitions`: "ds=20260101,hh=01", values of columns that are not in the file. Throws WrongUsage, Refused.
CsvOptions csv_options(const CsvArguments& arguments, const std::vector<std::string>& partitions,
                       const std::string& path, const TableSpec& spec);

// `--header none` as `--header=none`: a flag's value is joined to it, and people leave a blank there.
void join_header_words(std::vector<std::string>& words);

// "\t", "\u0001" and their like as the bytes that they mean. Throws WrongUsage, naming `option`.
std::string read_escapes(const std::string& text, const std::string& option);

}  // namespace tablegate::loader
