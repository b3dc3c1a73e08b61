#include "source/postgresql/postgresql_source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/plan/statement.hpp"
#include "core/text/ascii.hpp"
#include "model/ddl_lexer.hpp"
#include "source/source_columns.hpp"

namespace tablegate::loader {
namespace {

using core::ColumnType;

constexpr size_t kChunk = size_t{1} << 18;
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// When the loader is interrupted, the source must cancel its query.
PGcancel* source_handle = nullptr;
struct sigaction handlers_before[std::size(kSignals)];

extern "C" void stop_source(int number) {
  char reason[64];
  if (source_handle != nullptr) PQcancel(source_handle, reason, sizeof reason);
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    if (kSignals[i] == number) sigaction(number, &handlers_before[i], nullptr);
  }
  raise(number);  // for the handler that was installed before
}

class CancelSource {
 public:
  explicit CancelSource(Database& source) {
    source_handle = PQgetCancel(source.connection());
    struct sigaction action {};
    action.sa_handler = stop_source;
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &handlers_before[i]);
  }
  // After a failure here, the query in the source is cancelled as well.
  ~CancelSource() {
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &handlers_before[i], nullptr);
    char reason[64];
    if (!done_) PQcancel(source_handle, reason, sizeof reason);
    PQfreeCancel(source_handle);
    source_handle = nullptr;
  }
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;
  void done() { done_ = true; }

 private:
  bool done_ = false;
};

bool is_array(const std::string& type) {
  return type.size() > 2 && type.compare(type.size() - 2, 2, "[]") == 0;
}

// The expression that selects a column, and whether its binary form is that of the mirror's type.
struct ColumnPlan {
  std::string expression;
  bool binary = true;
};

std::optional<ColumnPlan> plan_column(const PostgresColumn& source, const TableColumn& mirror) {
  const std::string name = core::quote_identifier(source.name);
  const std::optional<TableColumn> is = postgres_type(source);
  if (mirror.type == ColumnType::text) {
    if (is && is->type == ColumnType::text && source.type.compare(0, 10, "character(") != 0 &&
        source.type != "name")
      return ColumnPlan{name, true};
    return ColumnPlan{name + "::text", true};
  }
  if (mirror.type == ColumnType::jsonb && is_array(source.type))
    return ColumnPlan{
        fmt::format("pg_catalog.to_jsonb({}{})", name, source.other_schema ? "::pg_catalog.text[]" : ""),
        true};
  if (!is) return std::nullopt;
  if (is->type == ColumnType::json && mirror.type == ColumnType::jsonb) return ColumnPlan{name, false};
  const bool unbounded = is->sql_type == "numeric" && mirror.type == ColumnType::numeric;
  if (!unbounded && !column_fits(*is, mirror)) return std::nullopt;
  return ColumnPlan{name, is->type == mirror.type};
}

}  // namespace

PostgresSource::PostgresSource(const PostgresRows& rows, std::vector<TableColumn> columns)
    : columns_(std::move(columns)), source_(open_postgres(rows.dsn)) {
  const PostgresTable table = describe_postgres(source_, rows);
  label_ = fmt::format("postgresql:{}.{}", PQdb(source_.connection()), table.shown);
  // The first query has just taken the snapshot; by the source's clock.
  time_ = source_time_of(
      source_.query("SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.now()))::bigint").integer(0, 0));
  plan(table);
}

void PostgresSource::plan(const PostgresTable& table) {
  std::vector<std::string> expressions;
  for (const TableColumn& column : columns_) {
    const auto found = std::find_if(
        table.columns.begin(), table.columns.end(),
        [&column](const PostgresColumn& one) { return core::to_lower(one.name) == column.name; });
    if (found == table.columns.end()) refuse_missing_column(label_, column.name);
    const std::optional<ColumnPlan> plan = plan_column(*found, column);
    if (!plan) refuse_unfit_column(column, found->type);
    expressions.push_back(plan->expression);
    binary_ = binary_ && plan->binary;
  }
  copy_ = fmt::format("COPY (SELECT {} FROM ({}) AS source_rows) TO STDOUT{}", fmt::join(expressions, ", "),
                      table.rows, binary_ ? " (FORMAT binary)" : "");
}

int64_t PostgresSource::copy_into(Database& database, const std::string& table, bool freeze,
                                  const ProgressWatch& progress) {
  CancelSource cancel(source_);
  std::vector<std::string> names;
  for (const TableColumn& column : columns_) names.push_back(column.name);
  CopyStream copy(database, table, names, freeze, binary_ ? "FORMAT binary" : "");
  const uint64_t sent = stream(copy, progress);
  cancel.done();
  int64_t rows = 0;
  CopyFault fault;
  // Rows arrive in any order, so a line number would mean nothing.
  if (!copy.finish(rows, fault)) refuse_rows(fault, label_, label_);
  require_count(label_, rows, sent);
  source_.script("COMMIT");
  return rows;
}

// Returns the number of rows that the source counted.
uint64_t PostgresSource::stream(CopyStream& copy, const ProgressWatch& progress) {
  PGconn* const connection = source_.connection();
  const Rows begun(PQexec(connection, copy_.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) refuse_source(begun.get());
  std::string chunk;
  CopyProgress done;
  const auto flush = [&] {
    done.bytes += chunk.size();
    copy.send(chunk);
    chunk.clear();
    progress(done);
  };
  for (;;) {
    char* row = nullptr;
    const int size = PQgetCopyData(connection, &row, 0);
    if (size < 0) break;
    chunk.append(row, static_cast<size_t>(size));
    PQfreemem(row);
    ++done.rows;
    if (chunk.size() >= kChunk) flush();
  }
  const Rows ended(PQgetResult(connection));
  while (PGresult* result = PQgetResult(connection)) PQclear(result);
  if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK) refuse_source(ended.get());
  const uint64_t rows = std::strtoull(PQcmdTuples(ended.get()), nullptr, 10);
  done.rows = rows;
  flush();
  return rows;
}

void PostgresSource::refuse_source(const PGresult* result) const {
  const auto part = [result](int code) {
    const char* const text = PQresultErrorField(result, code);
    return std::string(text == nullptr ? "" : text);
  };
  const std::string state = part(PG_DIAG_SQLSTATE);
  const std::string message = part(PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) throw SystemFailure(fmt::format("{}: the connection to the source was lost", label_));
  // A standby that cancelled the snapshot, or a table that was altered: another attempt may succeed.
  if (state == "40001" || state == "40P01")
    throw SourceChanged(fmt::format("{}: the source: {}", label_, message));
  if (state.compare(0, 2, "57") == 0 || state.compare(0, 2, "53") == 0)
    throw SystemFailure(fmt::format("{}: the source: {}", label_, message));
  throw Refused(fmt::format("{}: the source: {}", label_, message));
}

}  // namespace tablegate::loader
