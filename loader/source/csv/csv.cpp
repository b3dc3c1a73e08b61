#include "source/csv/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/plan/statement.hpp"
#include "core/text/utf8.hpp"
#include "source/csv/csv_batch.hpp"
#include "source/csv/csv_scanner.hpp"
#include "source/csv/line_map.hpp"
#include "source/file_list.hpp"
#include "source/maxcompute/maxcompute_value.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kChunk = size_t{1} << 18;
constexpr const char* kOtherCharset = "--charset NAME, when the file is not UTF-8 (iconv -l lists the names)";

uint64_t size_of_all(const std::vector<std::string>& paths) {
  uint64_t total = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(path, error);
    if (error) return 0;
    total += size;
  }
  return total;
}

// The time of the newest change; nullopt where one of the files has none.
std::optional<SourceTime> newest_of(const std::vector<std::string>& paths) {
  std::optional<SourceTime> newest;
  for (const std::string& path : paths) {
    const std::optional<SourceTime> time = file_time(path);
    if (!time) return std::nullopt;
    newest = std::max(newest, time);
  }
  return newest;
}

// While this object lives, times without an offset belong to `zone`.
class ZoneOfTimes {
 public:
  ZoneOfTimes(Database& database, const std::string& zone) : database_(database) {
    if (zone.empty()) return;
    if (database.query("SELECT FROM pg_catalog.pg_timezone_names WHERE name = $1", {zone}).empty()) {
      throw Refused(
          fmt::format("--zone: PostgreSQL does not know the time zone \"{}\" (names such as Asia/Shanghai)",
                      zone),
          "psql -c 'SELECT name FROM pg_timezone_names'");
    }
    before_ = database.query("SELECT pg_catalog.current_setting('timezone')").string(0, 0);
    set(zone);
  }
  void restore() {
    if (!before_.empty()) set(before_);
  }

 private:
  void set(const std::string& zone) {
    database_.query("SELECT pg_catalog.set_config('timezone', $1, true)", {zone});
  }

  Database& database_;
  std::string before_;
};

}  // namespace

CsvSource::CsvSource(CsvOptions options, std::vector<TableColumn> columns,
                     std::map<std::string, DdlType> nested)
    : options_(std::move(options)),
      columns_(std::move(columns)),
      nested_(std::move(nested)),
      rejects_(options_.rejects, options_.max_errors.value_or(0)) {
  for (const TableColumn& column : columns_) {
    const bool constant = std::any_of(options_.constants.begin(), options_.constants.end(),
                                      [&column](const auto& one) { return one.first == column.name; });
    if (!constant) names_.push_back(column.name);
  }
  paths_ = list_files(options_.path);
  total_ = size_of_all(paths_);
  time_ = newest_of(paths_);
  first_ = std::make_unique<CsvFile>(paths_[0], options_, names_);
}

std::string CsvSource::remark() const {
  if (rejects_.count() == 0) return {};
  return fmt::format("{} bad {}, not loaded: {}", rejects_.count(), rejects_.count() == 1 ? "row" : "rows",
                     rejects_.path());
}

int64_t CsvSource::copy_into(Database& database, const std::string& table, bool freeze,
                             const ProgressWatch& progress) {
  ZoneOfTimes zone(database, options_.zone);
  const int64_t rows = copy_files(database, table, freeze, progress);
  zone.restore();
  return rows;
}

int64_t CsvSource::copy_files(Database& database, const std::string& table, bool freeze,
                              const ProgressWatch& progress) {
  int64_t rows = 0;
  for (const std::string& path : paths_) {
    const std::unique_ptr<CsvFile> file =
        first_ != nullptr ? std::move(first_) : std::make_unique<CsvFile>(path, options_, names_);
    rows += options_.max_errors    ? copy_good_rows(*file, database, table, progress)
            : as_copy_reads(*file) ? copy_bytes(*file, database, table, freeze, progress)
                                   : copy_rows(*file, database, table, freeze, progress);
    rows_done_ = static_cast<uint64_t>(rows);
    bytes_done_ += file->bytes().consumed();
  }
  rejects_.close();
  return rows;
}

void CsvSource::report(CsvFile& file, const ProgressWatch& progress, uint64_t rows) {
  progress({rows_done_ + rows, bytes_done_ + file.bytes().consumed(), total_});
}

std::vector<FieldWriter> CsvSource::writers_of(const CsvFile& file) const {
  std::vector<FieldWriter> writers;
  for (const std::string& name : file.columns()) {
    const auto column = std::find_if(columns_.begin(), columns_.end(),
                                     [&name](const TableColumn& one) { return one.name == name; });
    const auto type = nested_.find(name);
    writers.emplace_back(*column, options_, type == nested_.end() ? nullptr : &type->second);
  }
  return writers;
}

std::vector<std::string> CsvSource::copied_columns(const CsvFile& file) const {
  std::vector<std::string> names = file.columns();
  for (const auto& constant : options_.constants) names.push_back(constant.first);
  return names;
}

bool CsvSource::as_copy_reads(CsvFile& file) const {
  if (options_.format != RowFormat::csv || file.bytes().converts() || !options_.constants.empty())
    return false;
  const std::vector<FieldWriter> writers = writers_of(file);
  return std::all_of(writers.begin(), writers.end(), [this](const FieldWriter& writer) {
    // COPY has one NULL marker: an empty number beside another marker is not NULL for it.
    return writer.as_copy_reads() && (writer.is_text() || options_.null.empty());
  });
}

// Sends the bytes unchanged.
int64_t CsvSource::copy_bytes(CsvFile& file, Database& database, const std::string& table, bool freeze,
                              const ProgressWatch& progress) {
  std::vector<std::string> forced;  // an empty number is NULL, quoted or not
  for (const FieldWriter& writer : writers_of(file)) {
    if (!writer.is_text()) forced.push_back(core::quote_identifier(writer.column()));
  }
  const uint64_t header_lines = file.reader().lines_passed();
  CopyStream copy(
      database, table, file.columns(), freeze,
      fmt::format("FORMAT csv, DELIMITER {}, NULL {}{}", sql_literal(database, options_.delimiter),
                  sql_literal(database, options_.null),
                  forced.empty() ? "" : fmt::format(", FORCE_NULL ({})", fmt::join(forced, ", "))));
  CsvScanner scanner;
  const auto refuse_marker = [&] {
    throw Refused(
        fmt::format("{}, line {}: holds only \\., which PostgreSQL reads as the end of the data: quote it",
                    file.label(), header_lines + scanner.line()));
  };
  std::string buffer = file.reader().take_rest();
  do {
    if (!scanner.scan(buffer)) refuse_marker();
    if (!copy.send(buffer)) break;
    report(file, progress, scanner.records());
    buffer.resize(kChunk);
    buffer.resize(file.bytes().read(buffer.data(), kChunk));
  } while (!buffer.empty());
  if (!scanner.finish()) refuse_marker();
  int64_t rows = 0;
  CopyFault fault;
  if (!copy.finish(rows, fault)) refuse(fault, file, scanner.line_of(fault.line) + header_lines, 0);
  return rows;
}

// False: `bad` holds the reason why the row is rejected; its fields are dropped from `copy`.
bool CsvSource::write_row(CsvFile& file, const std::vector<FieldWriter>& writers, CopyText& copy,
                          BadRow& bad) const {
  const RecordReader& reader = file.reader();
  const std::vector<RecordField>& fields = reader.fields();
  const auto refuse_value = [&](const std::string& column, const std::string& reason) {
    bad = {file.label(), reader.line(), column, reason};
    copy.drop_row();
    return false;
  };
  if (fields.size() != writers.size()) {
    return refuse_value("", fmt::format("has {} fields where {} columns are expected ({})", fields.size(),
                                        writers.size(), fmt::join(file.columns(), ", ")));
  }
  for (size_t i = 0; i < writers.size(); ++i) {
    if (!writers[i].is_bytes() && !core::valid_text(fields[i].text)) {
      const bool nul = fields[i].text.find('\0') != std::string_view::npos;
      return refuse_value(writers[i].column(), nul ? "holds a NUL byte, which PostgreSQL's text cannot"
                                                   : fmt::format("is not {}", file.bytes().charset()));
    }
    if (file.bytes().converts() && writers[i].copies_bytes(fields[i])) {
      return refuse_value(
          writers[i].column(),
          fmt::format("is BINARY in a file of {}, whose bytes are not what is read: write it as "
                      "\\x00ff",
                      file.bytes().charset()));
    }
    try {
      writers[i].write(fields[i], copy);
    } catch (const BadValue& value) {
      return refuse_value(writers[i].column(), value.what());
    }
  }
  for (const auto& constant : options_.constants) copy.text(constant.second);
  copy.end_row();
  return true;
}

int64_t CsvSource::copy_rows(CsvFile& file, Database& database, const std::string& table, bool freeze,
                             const ProgressWatch& progress) {
  const std::vector<FieldWriter> writers = writers_of(file);
  RecordReader& reader = file.reader();
  const uint64_t header_records = reader.record();
  CopyStream stream(database, table, copied_columns(file), freeze, "");
  CopyText copy;
  LineMap lines;
  uint64_t sent = 0;
  const auto send = [&] {
    sent += copy.rows();
    stream.send(copy.written());
    copy.clear();
    report(file, progress, sent);
  };
  BadRow bad;
  while (reader.next()) {
    if (!write_row(file, writers, copy, bad)) {
      throw Refused(
          fmt::format("{}, {}{}: {}", file.label(), reader.place(),
                      bad.column.empty() ? "" : fmt::format(", column \"{}\"", bad.column), bad.reason),
          bad.reason == "is not UTF-8" ? kOtherCharset : "");
    }
    lines.add(reader.line());
    if (copy.size() >= kChunk) send();
  }
  send();
  int64_t rows = 0;
  CopyFault fault;
  if (!stream.finish(rows, fault))
    refuse(fault, file, lines.line_of(fault.line), fault.line + header_records);
  return rows;
}

int64_t CsvSource::copy_good_rows(CsvFile& file, Database& database, const std::string& table,
                                  const ProgressWatch& progress) {
  const std::vector<FieldWriter> writers = writers_of(file);
  RecordReader& reader = file.reader();
  CsvBatch batch(database, table, copied_columns(file),
                 [&](const CopyFault& fault, uint64_t line, std::string_view record) {
                   rejects_.add({file.label(), line, fault.column, fault.reason()}, record);
                 });
  BadRow bad;
  uint64_t seen = 0;
  while (reader.next()) {
    if (write_row(file, writers, batch.row(), bad))
      batch.end_row(reader.line(), reader.raw());
    else
      rejects_.add(bad, reader.raw());
    if (++seen % 4096 == 0) report(file, progress, seen);
  }
  const int64_t rows = batch.finish();
  report(file, progress, seen);
  return rows;
}

void CsvSource::refuse(const CopyFault& fault, const CsvFile& file, uint64_t line, uint64_t record) const {
  const bool wrong_type = fault.sqlstate == "22P02" || fault.sqlstate == "22007" || fault.sqlstate == "22008";
  std::string next;
  if (wrong_type && fault.line == 1 && !file.has_header())
    next = "--header, when the first line names the columns";
  if (fault.sqlstate == "22021") next = kOtherCharset;  // bytes that are invalid in the encoding
  refuse_rows(fault, file.label(), fmt::format("{}, {}", file.label(), file.reader().place_of(line, record)),
              next);
}

}  // namespace tablegate::loader
