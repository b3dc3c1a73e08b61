// A synchronous PostgreSQL session for the loader's own work (the gateway's
// asynchronous one is ngx_module/pg). Values are sent as bound text parameters,
// never inserted into the SQL. Failures throw: SystemFailure with PostgreSQL's
// message, or DatabaseError with its SQLSTATE where the caller may handle it.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/lock_wait.hpp"
#include "base/refusal.hpp"

namespace tablegate::loader {

struct DatabaseError : SystemFailure {
  DatabaseError(std::string state, const std::string& message, size_t at = 0)
      : SystemFailure(message), sqlstate(std::move(state)), position(at) {}
  std::string sqlstate;
  size_t position;  // of what is wrong in the statement, in characters from 1; 0: PostgreSQL does not say
};

using Parameter = std::optional<std::string>;  // nullopt: SQL NULL

// The rows of a statement; owns libpq's result.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  int size() const { return PQntuples(result_.get()); }
  bool empty() const { return size() == 0; }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // "" for NULL. Valid as long as this object.
  std::string_view text(int row, int column) const;
  std::string string(int row, int column) const { return std::string(text(row, column)); }
  long long integer(int row, int column) const;
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  // The OID of a column's type.
  unsigned type(int column) const { return PQftype(result_.get(), column); }
  // Rows that an INSERT, UPDATE or DELETE touched.
  long long affected() const;
  PGresult* get() const { return result_.get(); }

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

class Database {
 public:
  // `dsn` as libpq reads it; `what` names it in messages ("the catalog"). No message holds the DSN.
  // `patience`: how long connecting and each statement may take before the database is given up as lost
  // (usable() is then false for good); 0: no limit.
  static Database connect(const std::string& dsn, const std::string& what,
                          std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  // Another session with the same parameters.
  Database again(const std::string& what) const;
  // One that looks for a moment at what this session waits for (base/lock_wait.hpp).
  Database observer() const;

  // A statement that waits longer than a minute for a lock fails: other commands may wait for this one.
  void limit_lock_waits();

  // Each statement that waits for a lock for more than two seconds reports who holds it.
  // A statement that is repeated, as thousands are in a long command, is prepared once.
  Rows query(const std::string& sql, const std::vector<Parameter>& parameters = {});
  // One that may wait for long: `on_wait` is called each time that `pause` has passed without an answer.
  Rows query_watched(const std::string& sql, const std::vector<Parameter>& parameters,
                     std::chrono::milliseconds pause, const std::function<void()>& on_wait);
  // The same with the type of each parameter; `values`: null for SQL NULL. Not prepared.
  Rows query_typed(const std::string& sql, const std::vector<unsigned>& types,
                   const std::vector<const char*>& values);
  // The columns of a statement that prepare() has prepared: a result without rows.
  Rows describe(const std::string& name);
  // Prepares a statement under a name, for EXECUTE.
  void prepare(const std::string& name, const std::string& sql, const std::vector<unsigned>& types);
  // Several statements without parameters (migrations).
  void script(const std::string& sql);
  PGconn* connection() const { return connection_.get(); }
  // Of the database: "UTF8".
  std::string encoding() const;
  // False: the connection broke, or did not answer in time.
  bool usable() const { return !lost_ && PQstatus(connection()) == CONNECTION_OK; }
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

 private:
  explicit Database(PGconn* connection) : connection_(connection, &PQfinish) {}
  // `given`: not by libpq's defaults alone.
  void begin_session(const std::string& what, bool given = true);
  Database session(const std::string& what, std::chrono::milliseconds patience, const char* timeout) const;
  Rows await_rows(int sent);
  PGresult* await_result(LockWait& wait, std::chrono::milliseconds pause,
                         const std::function<void()>& on_wait);
  // The name of the prepared statement, or empty if it is run too rarely.
  std::string prepared_name(const std::string& sql);

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
  std::unordered_map<std::string, int> uses_;  // of statements with parameters
  std::chrono::milliseconds patience_{0};
  bool observer_ = false;
  bool lost_ = false;
};

// BEGIN ... COMMIT; rolled back when it is destroyed without commit(). Inside of another one it is a part of
// that: what it did counts when the outer one is committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_;  // false: committed, or a part of another one
};

}  // namespace tablegate::loader
