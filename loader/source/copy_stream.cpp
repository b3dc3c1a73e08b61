#include "source/copy_stream.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

constexpr size_t kMaxChunk = size_t{1} << 30;  // libpq counts bytes in an int

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

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

std::string copy_sql(const std::string& table, const std::vector<std::string>& columns, bool freeze,
                     const std::string& options) {
  std::vector<std::string> quoted;
  quoted.reserve(columns.size());
  for (const std::string& column : columns) quoted.push_back(core::quote_identifier(column));
  std::string sql = fmt::format("COPY {} ({}) FROM STDIN", table, fmt::join(quoted, ", "));
  if (freeze || !options.empty()) {
    sql += fmt::format(" ({}{}{})", options, freeze && !options.empty() ? ", " : "", freeze ? "FREEZE" : "");
  }
  return sql;
}

}  // namespace

CopyStream::CopyStream(Database& database, const std::string& table, const std::vector<std::string>& columns,
                       bool freeze, const std::string& options)
    : connection_(database.connection()), columns_(columns) {
  const Result start(PQexec(connection_, copy_sql(table, columns, freeze, options).c_str()), &PQclear);
  if (PQresultStatus(start.get()) != PGRES_COPY_IN) {
    throw DatabaseError(field(start.get(), PG_DIAG_SQLSTATE),
                        fmt::format("the mirror: {}", PQerrorMessage(connection_)));
  }
}

CopyStream::~CopyStream() {
  if (!open_) return;
  PQputCopyEnd(connection_, "the rows could not be read");
  while (PGresult* result = PQgetResult(connection_)) PQclear(result);
}

bool CopyStream::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kMaxChunk);
    if (PQputCopyData(connection_, chunk.data(), static_cast<int>(chunk.size())) != 1) return false;
    bytes.remove_prefix(chunk.size());
  }
  return true;
}

bool CopyStream::finish(int64_t& rows, CopyFault& fault) {
  open_ = false;
  if (PQputCopyEnd(connection_, nullptr) != 1)
    throw SystemFailure(fmt::format("the mirror: {}", PQerrorMessage(connection_)));
  const Result outcome(PQgetResult(connection_), &PQclear);
  while (PGresult* result = PQgetResult(connection_)) PQclear(result);
  if (PQresultStatus(outcome.get()) == PGRES_COMMAND_OK) {
    rows = std::strtoll(PQcmdTuples(outcome.get()), nullptr, 10);
    return true;
  }
  fault = read_fault(outcome.get());
  return false;
}

// COPY says where in its context: `COPY t, line 3, column age: "x"`.
CopyFault CopyStream::read_fault(const PGresult* result) const {
  CopyFault fault;
  fault.sqlstate = field(result, PG_DIAG_SQLSTATE);
  fault.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string context = field(result, PG_DIAG_CONTEXT);
  fault.line = context_line(context);
  fault.column = context_column(context, columns_);
  if (fault.column.empty()) fault.column = field(result, PG_DIAG_COLUMN_NAME);
  const bool value = fault.sqlstate.compare(0, 2, "22") == 0 || fault.sqlstate.compare(0, 2, "23") == 0;
  fault.of_data = value && fault.line != 0;
  if (fault.message.empty()) fault.message = "the connection was lost";
  return fault;
}

std::string CopyFault::reason() const {
  return sqlstate == "23502" ? "is NULL in a column that is NOT NULL" : message;
}

void refuse_rows(const CopyFault& fault, const std::string& source, const std::string& place,
                 const Hint& next, const std::string& advice) {
  if (!fault.of_data) throw DatabaseError(fault.sqlstate, fmt::format("{}: {}", source, fault.message));
  const std::string column = fault.column.empty() ? "" : fmt::format(", column \"{}\"", fault.column);
  throw Refused(fmt::format("{}{}: {}{}", place, column, fault.reason(), advice), next);
}

std::string sql_literal(Database& database, const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(database.connection(), text.c_str(), text.size()), &PQfreemem);
  if (quoted == nullptr) throw Refused("the text cannot be written as an SQL literal: " + text);
  return quoted.get();
}

}  // namespace tablegate::loader
