// Shared by the pg_live_* tests, which need a real PostgreSQL:
// TABLEGATE_TEST_DSN names a database whose user may create tables and roles
// and terminate its own backends. Exit 77 = skipped. The pool only reads, so a
// plain libpq connection (Admin) prepares what a test needs and causes the
// failures.
#pragma once

#include <cstdio>

#include "pg_testing.hpp"

namespace tablegate::pg::testing {

inline std::string test_dsn() {
  return getenv("TABLEGATE_TEST_DSN");
}

class Admin {
 public:
  Admin() : connection_(PQconnectdb(test_dsn().c_str())) {
    ck_assert_msg(PQstatus(connection_) == CONNECTION_OK, "%s", PQerrorMessage(connection_));
    run("set client_min_messages = error");
  }
  ~Admin() { PQfinish(connection_); }
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  std::string run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql.c_str(),
                  PQerrorMessage(connection_));
    std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    return value;
  }

 private:
  PGconn* connection_;
};

struct Fixture {
  explicit Fixture(unsigned connections = 8) : dsn(dsn_of(test_dsn())), config(config_of(dsn, connections)) {
    config.queue = 100000;
  }
  // Its sessions are found by a name of their own: suites run side by side at one server. Before pool().
  void name_sessions(const std::string& name) { dsn = dsn_of(test_dsn() + " application_name=" + name); }
  Pool& pool() {
    if (!pool_) pool_ = std::make_unique<Pool>(loop, config);
    return *pool_;
  }
  void run(TestQuery& query) {
    pool().submit(query);
    wait_for(
        loop, [&] { return query.done(); }, "the query's callback");
  }
  // Until nothing is in flight or waiting.
  void settle() {
    wait_for(
        loop, [&] { return pool().statistics().in_flight + pool().statistics().waiting == 0; },
        "all queries");
  }

  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  PoolConfig config;
  std::unique_ptr<Pool> pool_;
};

}  // namespace tablegate::pg::testing
