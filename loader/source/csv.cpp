#include "source/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/utf8.hpp"
#include "source/csv_record.hpp"
#include "source/ddl_lexer.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kChunk = 1U << 18U;
constexpr size_t kMaxHeader = 1U << 20U;

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

CsvSource::CsvSource(CsvOptions options, std::vector<std::string> columns)
    : options_(std::move(options)), columns_(std::move(columns)) {
  label_ = options_.path == "-" ? "standard input" : options_.path;
  bytes_ = open_bytes(options_.path);
  if (options_.path != "-") time_ = file_time(options_.path);
  read_first_record();
}

// Adds a chunk to the buffer; false at the end of the file.
bool CsvSource::fill() {
  if (at_end_) return false;
  const size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  const size_t got = bytes_->read(buffer_.data() + before, kChunk);
  buffer_.resize(before + got);
  at_end_ = got == 0;
  return !at_end_;
}

void CsvSource::read_first_record() {
  fill();
  while (buffer_.size() < 4 && fill()) {
  }
  if (buffer_.compare(0, 2, "\xff\xfe") == 0 || buffer_.compare(0, 2, "\xfe\xff") == 0) {
    throw Refused(fmt::format("{}: is UTF-16, only UTF-8 is supported yet", label_),
                  "iconv -f UTF-16 -t UTF-8");
  }
  if (buffer_.compare(0, 3, "\xef\xbb\xbf") == 0) buffer_.erase(0, 3);
  CsvRecord record = read_csv_record(buffer_, options_.delimiter, at_end_);
  while (!record.complete && buffer_.size() < kMaxHeader && !at_end_) {
    fill();
    record = read_csv_record(buffer_, options_.delimiter, at_end_);
  }
  if (!options_.header && !(record.complete && is_header(record.fields))) {
    file_columns_ = columns_;
    return;
  }
  options_.header = true;
  if (!record.complete)
    throw Refused(fmt::format("{}, line 1: the header does not end (an open quote?)", label_));
  if (record.fields.empty()) throw Refused(fmt::format("{}: is empty, a header was expected", label_));
  match_header(record.fields);
  header_lines_ = record.lines;
  buffer_.erase(0, record.size);
}

void CsvSource::match_header(const std::vector<std::string>& names) {
  std::vector<std::string> unknown;
  for (const std::string& raw : names) {
    if (!core::valid_text(raw)) throw Refused(fmt::format("{}, line 1: the header is not UTF-8", label_));
    const std::string name = lower_name(raw);  // MaxCompute's names have no case
    if (!contains(columns_, name)) unknown.push_back(raw);
    if (contains(file_columns_, name)) {
      throw Refused(fmt::format("{}, line 1: the header names column \"{}\" twice", label_, name));
    }
    file_columns_.push_back(name);
  }
  if (!unknown.empty()) {
    throw Refused(
        fmt::format("{}, line 1: the header names \"{}\", the table has no such column (its columns: {})",
                    label_, fmt::join(unknown, "\", \""), fmt::join(columns_, ", ")));
  }
  std::vector<std::string> missing;
  for (const std::string& column : columns_) {
    if (!contains(file_columns_, column)) missing.push_back(column);
  }
  if (!missing.empty()) {
    throw SourceDrift(
        missing, fmt::format("{}, line 1: the header lacks \"{}\"", label_, fmt::join(missing, "\", \"")),
        "");
  }
}

// Names every column: no row, whatever the command says. Refreshes on schedule have nobody to say it.
bool CsvSource::is_header(const std::vector<std::string>& fields) const {
  if (columns_.size() < 2 || fields.size() != columns_.size()) return false;
  return std::all_of(fields.begin(), fields.end(),
                     [this](const std::string& text) { return contains(columns_, lower_name(text)); });
}

int64_t CsvSource::copy_into(Database& database, const std::string& table, bool freeze,
                             const ProgressWatch& progress) {
  CopyStream copy(database, table, file_columns_, freeze,
                  fmt::format("FORMAT csv, DELIMITER {}, NULL {}",
                              sql_literal(database, std::string(1, options_.delimiter)),
                              sql_literal(database, options_.null)));
  send(copy, progress);
  int64_t rows = 0;
  CopyFault fault;
  if (!copy.finish(rows, fault)) refuse_row(fault);
  return rows;
}

void CsvSource::send(CopyStream& copy, const ProgressWatch& progress) {
  CsvScanner scanner;
  const auto refuse_marker = [&] {
    throw Refused(
        fmt::format("{}, line {}: is \\. alone, which PostgreSQL takes as the end of the data: quote it",
                    label_, header_lines_ + scanner.lines()));
  };
  do {
    if (!scanner.scan(buffer_)) refuse_marker();
    if (!copy.send(buffer_)) break;
    buffer_.clear();
    progress({scanner.records(), bytes_->consumed(), bytes_->total()});
  } while (fill());
  if (!scanner.finish()) refuse_marker();
}

void CsvSource::refuse_row(const CopyFault& fault) const {
  if (!fault.of_data) throw DatabaseError(fault.sqlstate, fmt::format("{}: {}", label_, fault.message));
  std::string place = fmt::format("{}, line {}", label_, fault.line + header_lines_);
  if (!fault.column.empty()) place += fmt::format(", column \"{}\"", fault.column);
  // PostgreSQL's own text would name the generation's table.
  if (fault.sqlstate == "23502") throw Refused(place + ": is NULL in a column that is NOT NULL");
  const bool wrong_type = fault.sqlstate == "22P02" || fault.sqlstate == "22007" || fault.sqlstate == "22008";
  std::string next;
  if (wrong_type && fault.line == 1 && !options_.header) {
    next = "--header, when the first line names the columns";
  }
  throw Refused(fmt::format("{}: {}", place, fault.message), next);
}

}  // namespace tablegate::loader
