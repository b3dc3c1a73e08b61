#include "source/csv/csv_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "core/text/ascii.hpp"
#include "core/text/utf8.hpp"
#include "source/csv/csv_header.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

CsvFile::CsvFile(const std::string& path, const CsvOptions& options, const std::vector<std::string>& columns)
    : options_(options),
      label_(path == "-" ? "standard input" : path),
      bytes_(std::make_unique<TextSource>(open_bytes(path, options.root), options.charset)),
      reader_(std::make_unique<RecordReader>(*bytes_, options_, label_)),
      columns_(columns) {
  read_header(columns);
}

std::vector<std::string> CsvFile::names() const {
  std::vector<std::string> names;
  for (const RecordField& field : reader_->fields()) names.emplace_back(field.text);
  return names;
}

void CsvFile::read_header(const std::vector<std::string>& columns) {
  const bool may_be_row = options_.header == RowHeader::detect || options_.header == RowHeader::none;
  if (!reader_->next()) {
    if (may_be_row) return;
    throw Refused(fmt::format("{}: is empty, a header was expected", label_));
  }
  if (reader_->fault() != nullptr && !may_be_row) {
    const bool lenient = options_.quotes == CsvQuotes::lenient;
    throw Refused(
        fmt::format("{}, line 1, field {}: the header {} ({}--quote none where no quote has a meaning)",
                    label_, reader_->fault_field() + 1, reader_->fault(),
                    lenient ? "write the quote twice, or use " : "--lenient-quotes reads it, or "),
        lenient ? Hint() : Hint::again().flag("--lenient-quotes"));
  }
  const std::vector<std::string> found = names();
  refuse_other_delimiter(found, columns);
  if (options_.header == RowHeader::none) return reader_->step_back();
  if (options_.header == RowHeader::detect && !is_header(found, columns)) {
    refuse_nearly(found, columns);
    return reader_->step_back();
  }
  has_header_ = true;
  if (options_.header != RowHeader::position) return match(found, columns);
  if (found.size() != columns.size()) {
    throw Refused(fmt::format("{}, line 1: the header has {} fields, the table has {} columns ({})", label_,
                              found.size(), columns.size(), fmt::join(columns, ", ")));
  }
}

// All rows would be bad; with --max-errors it may be this one only, unless it is a header.
void CsvFile::refuse_other_delimiter(const std::vector<std::string>& found,
                                     const std::vector<std::string>& columns) const {
  const std::string record(reader_->raw());
  const std::string other = other_delimiter(record, found.size(), columns.size(), options_.delimiter);
  if (other.empty() || (options_.max_errors && options_.header != RowHeader::names)) return;
  throw Refused(
      fmt::format("{}, line 1: has {} {}, the table has {} columns, and \"{}\" between fields would give as "
                  "many",
                  label_, found.size(), found.size() == 1 ? "field" : "fields", columns.size(), other),
      Hint::again().set("--delimiter", other));
}

// A misspelt header would be served as data.
void CsvFile::refuse_nearly(const std::vector<std::string>& found,
                            const std::vector<std::string>& columns) const {
  if (!is_nearly_header(found, columns)) return;
  const std::string unknown = unknown_names(found, columns);
  throw Refused(
      fmt::format(
          "{}, line 1: looks like a header, {} (the table's columns: {}); correct it, or take the "
          "columns in their order with --header position, or load it as a row with --header none",
          label_,
          unknown.empty() ? "but does not name every column once" : "but the table has no column " + unknown,
          fmt::join(columns, ", ")),
      Hint::again().set("--header", "none"));
}

void CsvFile::match(const std::vector<std::string>& names, const std::vector<std::string>& columns) {
  std::vector<std::string> unknown;
  columns_.clear();
  for (const std::string& raw : names) {
    if (!core::valid_text(raw))
      throw Refused(fmt::format("{}, line 1: the header is not {} (iconv -l lists the charsets)", label_,
                                bytes_->charset()),
                    Hint::again().set("--charset", "NAME"));
    const std::string name = core::to_lower(raw);  // MaxCompute's names are case-insensitive
    const auto constant = std::find_if(options_.constants.begin(), options_.constants.end(),
                                       [&name](const auto& one) { return one.first == name; });
    if (constant != options_.constants.end()) {
      throw Refused(
          fmt::format(
              "{}, line 1: the header names \"{}\", but --partition sets its value: leave one of them out",
              label_, name),
          Hint());
    }
    if (!contains(columns, name)) unknown.push_back(raw);
    if (contains(columns_, name))
      throw Refused(fmt::format("{}, line 1: the header names column \"{}\" twice", label_, name));
    columns_.push_back(name);
  }
  if (!unknown.empty()) {
    throw Refused(
        fmt::format("{}, line 1: the header names {}, which is not a column of the table (its columns: {})",
                    label_, unknown_names(names, columns), fmt::join(columns, ", ")));
  }
  std::vector<std::string> missing;
  for (const std::string& column : columns) {
    if (!contains(columns_, column)) missing.push_back(column);
  }
  if (!missing.empty()) {
    throw SourceDrift(
        missing,
        fmt::format("{}, line 1: the header does not name \"{}\"{}", label_, fmt::join(missing, "\", \""),
                    missing.size() == 1 ? " (--partition gives all rows one value)" : ""),
        missing.size() == 1 ? Hint::again().add("--partition", missing[0] + "=VALUE") : Hint());
  }
}

}  // namespace tablegate::loader
