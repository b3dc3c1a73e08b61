#include "base/database.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "core/text/ascii.hpp"

namespace tablegate::loader {
namespace {

void ignore_notice(void*, const char*) {}

std::string error_text(PGconn* connection) {
  return std::string(core::trimmed_end(PQerrorMessage(connection), " \n"));
}

// libpq's message quotes parts of a connection string that it cannot parse, possibly the password: do not
// show it.
void check_dsn(const std::string& dsn, const std::string& what) {
  const bool is_string = dsn.find('=') != std::string::npos || dsn.rfind("postgres://", 0) == 0 ||
                         dsn.rfind("postgresql://", 0) == 0;
  if (!is_string) return;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (!options) {
    throw WrongUsage("the connection string of " + what + " cannot be read",
                     Hint::again().set("--catalog", "host=/run/postgresql dbname=tablegate"));
  }
}

std::vector<const char*> pointers(const std::vector<Parameter>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  return values;
}

std::string server_words(PGconn* connection) {
  const char* const host = PQhost(connection);
  std::string words;
  if (host != nullptr && *host != '\0') words += " -h " + shell_word(host);
  if (const char* const port = PQport(connection); port != nullptr && *port != '\0')
    words += std::string(" -p ") + port;
  return words;
}

// There is no SQLSTATE of a connection that was rejected, only the server's message.
Hint connect_hint(PGconn* connection, bool given) {
  if (!given) return Hint::again().set("--catalog", "host=HOST dbname=NAME");
  const std::string database = PQdb(connection) == nullptr ? "" : PQdb(connection);
  const bool missing =
      std::string(PQerrorMessage(connection)).find("database \"" + database + "\" does not exist") !=
      std::string::npos;
  if (!missing) return Hint::program("pg_isready" + server_words(connection));
  return Hint::program("createdb" + server_words(connection) + " " + shell_word(database));
}

[[noreturn]] void fail(PGconn* connection, PGresult* result, LockWait* wait = nullptr) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || primary == nullptr) throw SystemFailure(error_text(connection));
  std::string message = primary;
  // The detail is left out: it may hold values.
  if (const char* hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT))
    message += std::string(" (") + hint + ")";
  if (wait != nullptr && std::string_view(state) == "55P03") message += wait->found();  // lock_not_available
  const char* const position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
  throw DatabaseError(state, message, position == nullptr ? 0 : std::strtoul(position, nullptr, 10));
}

Rows checked(PGconn* connection, PGresult* result, LockWait& wait) {
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_COPY_IN &&
      status != PGRES_COPY_OUT && status != PGRES_EMPTY_QUERY) {
    fail(connection, result, &wait);
  }
  return rows;
}

}  // namespace

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

long long Rows::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  long long value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    throw SystemFailure("PostgreSQL answered \"" + std::string(digits) + "\" where a number was expected");
  }
  return value;
}

long long Rows::affected() const {
  const std::string_view digits = PQcmdTuples(result_.get());
  long long value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Database Database::connect(const std::string& dsn, const std::string& what,
                           std::chrono::milliseconds patience) {
  check_dsn(dsn, what);
  const std::string seconds = std::to_string(std::max<long long>(2, patience.count() / 1000));
  // An empty dbname is the same as none: libpq's PG* variables then apply. A connect_timeout in the
  // connection string comes later and overrides this one.
  const char* const keywords[] = {patience.count() > 0 ? "connect_timeout" : "client_encoding", "dbname",
                                  "fallback_application_name", "client_encoding", nullptr};
  const char* const values[] = {patience.count() > 0 ? seconds.c_str() : "UTF8", dsn.c_str(), "tablegate",
                                "UTF8", nullptr};
  Database database(PQconnectdbParams(keywords, values, 1));
  database.set_patience(patience);
  database.begin_session(what, !dsn.empty());
  return database;
}

Database Database::session(const std::string& what, std::chrono::milliseconds patience,
                           const char* timeout) const {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfo(connection()),
                                                                               &PQconninfoFree);
  std::vector<const char*> keywords, values;
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    const bool is_timeout = timeout != nullptr && std::string_view(option->keyword) == "connect_timeout";
    if (option->val == nullptr && !is_timeout) continue;
    keywords.push_back(option->keyword);
    values.push_back(is_timeout ? timeout : option->val);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  Database database(PQconnectdbParams(keywords.data(), values.data(), 0));
  database.set_patience(patience);
  database.observer_ = timeout != nullptr;
  database.begin_session(what);
  return database;
}

Database Database::again(const std::string& what) const {
  return session(what, patience_, nullptr);
}

Database Database::observer() const {
  return session("the database", std::chrono::seconds(2), "2");
}

void Database::limit_lock_waits() {
  query("SELECT pg_catalog.set_config('lock_timeout', '1min', false)");
}

void Database::begin_session(const std::string& what, bool given) {
  if (connection() == nullptr) throw SystemFailure("no memory for a connection to " + what);
  if (PQstatus(connection()) != CONNECTION_OK) {
    const char* const unset =
        given ? "" : " (neither --catalog nor TABLEGATE_CATALOG is set, so psql's defaults apply)";
    throw SystemFailure(fmt::format("cannot connect to {}{}: {}", what, unset, error_text(connection())),
                        connect_hint(connection(), given));
  }
  PQsetNoticeProcessor(connection(), &ignore_notice, nullptr);
  // The loader qualifies all names; a user's search_path must not interfere.
  query(
      "SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('datestyle', 'ISO, "
      "YMD', false),"
      " pg_catalog.set_config('timezone', 'UTC', false), pg_catalog.set_config('intervalstyle', 'postgres', "
      "false)");
}

std::string Database::prepared_name(const std::string& sql) {
  constexpr int kSeldom = 3;
  const auto [place, first] = uses_.try_emplace(sql, 0);
  if (++place->second < kSeldom) return {};
  std::string name = "s" + std::to_string(std::hash<std::string>{}(sql));
  if (place->second > kSeldom) return name;
  const Rows prepared(PQprepare(connection(), name.c_str(), sql.c_str(), 0, nullptr));
  if (PQresultStatus(prepared.get()) == PGRES_COMMAND_OK) return name;
  place->second = 0;
  fail(connection(), prepared.get());
}

std::string Database::encoding() const {
  const char* const name = PQparameterStatus(connection(), "server_encoding");
  return name == nullptr ? "" : name;
}

Rows Database::query(const std::string& sql, const std::vector<Parameter>& parameters) {
  const std::vector<const char*> values = pointers(parameters);
  const int count = static_cast<int>(values.size());
  const std::string name = values.empty() || patience_.count() > 0 ? std::string() : prepared_name(sql);
  return await_rows(
      name.empty()
          ? PQsendQueryParams(connection(), sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0)
          : PQsendQueryPrepared(connection(), name.c_str(), count, values.data(), nullptr, nullptr, 0));
}

Rows Database::query_typed(const std::string& sql, const std::vector<unsigned>& types,
                           const std::vector<const char*>& values) {
  return await_rows(PQsendQueryParams(connection(), sql.c_str(), static_cast<int>(types.size()), types.data(),
                                      values.data(), nullptr, nullptr, 0));
}

void Database::prepare(const std::string& name, const std::string& sql, const std::vector<unsigned>& types) {
  await_rows(
      PQsendPrepare(connection(), name.c_str(), sql.c_str(), static_cast<int>(types.size()), types.data()));
}

Rows Database::describe(const std::string& name) {
  return await_rows(PQsendDescribePrepared(connection(), name.c_str()));
}

Rows Database::query_watched(const std::string& sql, const std::vector<Parameter>& parameters,
                             std::chrono::milliseconds pause, const std::function<void()>& on_wait) {
  const std::vector<const char*> values = pointers(parameters);
  LockWait wait(*this);
  const int sent = PQsendQueryParams(connection(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                     values.data(), nullptr, nullptr, 0);
  return checked(connection(), sent == 1 ? await_result(wait, pause, on_wait) : nullptr, wait);
}

// The answer to what was sent, if `sent` is 1.
Rows Database::await_rows(int sent) {
  LockWait wait(*this);
  const auto look = [&wait, this] {
    if (!observer_) wait.look();
  };
  return checked(connection(), sent == 1 ? await_result(wait, kFirstLook, look) : nullptr, wait);
}

// The last result of what was sent, as PQexec() returns it, but within the time limit.
PGresult* Database::await_result(LockWait& wait, std::chrono::milliseconds pause,
                                 const std::function<void()>& on_wait) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + patience_;
  PGresult* last = nullptr;
  for (;;) {
    while (PQisBusy(connection()) != 0) {
      auto time = pause;
      if (patience_.count() > 0) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
        if (left.count() <= 0) {
          PQclear(last);
          lost_ = true;
          throw SystemFailure(fmt::format("the database did not answer within {} ms{}", patience_.count(),
                                          observer_ ? std::string() : wait.words()));
        }
        time = std::min(time, left);
      }
      pollfd ready{PQsocket(connection()), POLLIN, 0};
      const int found = ::poll(&ready, 1, static_cast<int>(time.count()));
      if (found == 0 && time == pause) on_wait();
      if (found > 0 && PQconsumeInput(connection()) == 0) break;
    }
    PGresult* const next = PQgetResult(connection());
    if (next == nullptr) return last;
    PQclear(last);
    last = next;
    // A broken connection may report more errors, the first one is the cause. After COPY begins, rows follow.
    const ExecStatusType status = PQresultStatus(last);
    if (PQstatus(connection()) != CONNECTION_OK || status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
      return last;
  }
}

void Database::script(const std::string& sql) {
  await_rows(PQsendQuery(connection(), sql.c_str()));
}

Transaction::Transaction(Database& database)
    : database_(database), open_(PQtransactionStatus(database.connection()) == PQTRANS_IDLE) {
  if (open_) database_.script("BEGIN");
}

Transaction::~Transaction() {
  if (!open_ || !database_.usable()) return;
  PQclear(PQexec(database_.connection(), "ROLLBACK"));
}

void Transaction::commit() {
  if (!open_) return;
  const Rows rows = database_.query("COMMIT");
  open_ = false;
  // COMMIT of a failed transaction "succeeds" by rolling back (PostgreSQL manual, COMMIT).
  if (std::string_view(PQcmdStatus(rows.get())) != "COMMIT") {
    throw SystemFailure("PostgreSQL rolled the transaction back");
  }
}

}  // namespace tablegate::loader
