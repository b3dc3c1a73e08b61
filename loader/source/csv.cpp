#include "source/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/statement.hpp"
#include "core/utf8.hpp"
#include "source/csv_record.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kChunk = 1U << 18U;
constexpr size_t kMaxHeader = 1U << 20U;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string sql_literal(Database& database, const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(database.connection(), text.c_str(), text.size()), &PQfreemem);
  if (quoted == nullptr) throw Refused("the text cannot stand in SQL: " + text);
  return quoted.get();
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

// The number after ", line " in COPY's context, or 0.
uint64_t context_line(const std::string& context) {
  const size_t at = context.find(", line ");
  return at == std::string::npos ? 0 : std::strtoull(context.c_str() + at + 7, nullptr, 10);
}

// The name after ", column " in COPY's context, or "". A colon and the value may follow it.
std::string context_column(const std::string& context, const std::vector<std::string>& columns) {
  const size_t at = context.find(", column ");
  if (at == std::string::npos) return {};
  const std::string rest = context.substr(at + 9);
  std::string best;
  for (const std::string& column : columns) {
    const bool here =
        rest.compare(0, column.size(), column) == 0 &&
        (rest.size() == column.size() || rest[column.size()] == ':' || rest[column.size()] == '\n');
    if (here && column.size() > best.size()) best = column;
  }
  return best;
}

}  // namespace

CsvSource::CsvSource(CsvOptions options, std::vector<std::string> columns)
    : options_(std::move(options)), columns_(std::move(columns)) {
  label_ = options_.path == "-" ? "standard input" : options_.path;
  bytes_ = open_bytes(options_.path);
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
    const std::string name = lower(raw);  // MaxCompute's names have no case
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
    throw Refused(fmt::format("{}, line 1: the header lacks \"{}\"", label_, fmt::join(missing, "\", \"")));
  }
}

// Names every column: no row, whatever the command says. Refreshes on schedule have nobody to say it.
bool CsvSource::is_header(const std::vector<std::string>& fields) const {
  if (columns_.size() < 2 || fields.size() != columns_.size()) return false;
  return std::all_of(fields.begin(), fields.end(),
                     [this](const std::string& text) { return contains(columns_, lower(text)); });
}

std::string CsvSource::copy_sql(const std::string& table, bool freeze) const {
  std::vector<std::string> quoted;
  for (const std::string& column : file_columns_) quoted.push_back(core::quote_identifier(column));
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT csv{}", table, fmt::join(quoted, ", "),
                     freeze ? ", FREEZE" : "");
}

int64_t CsvSource::copy_into(Database& database, const std::string& table, bool freeze,
                             const std::function<void(const CopyProgress&)>& progress) {
  PGconn* connection = database.connection();
  const std::string sql = fmt::format("{}, DELIMITER {}, NULL {})", copy_sql(table, freeze),
                                      sql_literal(database, std::string(1, options_.delimiter)),
                                      sql_literal(database, options_.null));
  const Result start(PQexec(connection, sql.c_str()), &PQclear);
  if (PQresultStatus(start.get()) != PGRES_COPY_IN) {
    throw DatabaseError(field(start.get(), PG_DIAG_SQLSTATE),
                        fmt::format("the mirror: {}", PQerrorMessage(connection)));
  }
  try {
    send(database, progress);
  } catch (...) {
    PQputCopyEnd(connection, "the file could not be read");
    while (PGresult* result = PQgetResult(connection)) PQclear(result);
    throw;
  }
  if (PQputCopyEnd(connection, nullptr) != 1)
    throw SystemFailure(fmt::format("the mirror: {}", PQerrorMessage(connection)));
  Result outcome(PQgetResult(connection), &PQclear);
  while (PGresult* result = PQgetResult(connection)) PQclear(result);
  if (PQresultStatus(outcome.get()) != PGRES_COMMAND_OK) refuse_row(outcome.get());
  return std::strtoll(PQcmdTuples(outcome.get()), nullptr, 10);
}

void CsvSource::send(Database& database, const std::function<void(const CopyProgress&)>& progress) {
  CsvScanner scanner;
  const auto refuse_marker = [&] {
    throw Refused(
        fmt::format("{}, line {}: is \\. alone, which PostgreSQL takes as the end of the data: quote it",
                    label_, header_lines_ + scanner.lines()));
  };
  do {
    if (!scanner.scan(buffer_)) refuse_marker();
    // COPY has failed already: libpq hands its error out with PQgetResult.
    if (!buffer_.empty() &&
        PQputCopyData(database.connection(), buffer_.data(), static_cast<int>(buffer_.size())) != 1) {
      break;
    }
    buffer_.clear();
    progress({scanner.records(), bytes_->consumed(), bytes_->total()});
  } while (fill());
  if (!scanner.finish()) refuse_marker();
}

// COPY says where in its context: `COPY t, line 3, column age: "x"`.
void CsvSource::refuse_row(PGresult* result) const {
  const std::string state = field(result, PG_DIAG_SQLSTATE);
  const std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string context = field(result, PG_DIAG_CONTEXT);
  const uint64_t line = context_line(context);
  const bool of_data = state.compare(0, 2, "22") == 0 || state.compare(0, 2, "23") == 0;
  if (!of_data || line == 0) {
    throw DatabaseError(state,
                        fmt::format("{}: {}", label_, message.empty() ? "the connection was lost" : message));
  }
  std::string column = context_column(context, columns_);
  if (column.empty()) column = field(result, PG_DIAG_COLUMN_NAME);
  std::string place = fmt::format("{}, line {}", label_, line + header_lines_);
  if (!column.empty()) place += fmt::format(", column \"{}\"", column);
  // PostgreSQL's own text would name the generation's table.
  if (state == "23502") throw Refused(place + ": is NULL in a column that is NOT NULL");
  const bool wrong_type = state == "22P02" || state == "22007" || state == "22008";
  std::string next;
  if (wrong_type && line == 1 && !options_.header) next = "--header, when the first line names the columns";
  throw Refused(fmt::format("{}: {}", place, message), next);
}

}  // namespace tablegate::loader
