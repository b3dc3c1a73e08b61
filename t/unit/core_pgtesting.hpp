// What the tests of core against PostgreSQL share: a session pinned as the gateway's
// are, and queries that must succeed.
#pragma once

#include <libpq-fe.h>

#include "core_testing.hpp"

namespace tablegate::core::testing {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Finish>;

inline Answer query(PGconn* connection, const std::string& sql, const std::vector<std::string>& values = {}) {
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  Answer answer(PQexecParams(connection, sql.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(),
                             nullptr, nullptr, 0));
  const ExecStatusType status = PQresultStatus(answer.get());
  ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s\n%s", sql.c_str(),
                PQerrorMessage(connection));
  return answer;
}

// A session pinned as the gateway's are.
inline Connection connect() {
  const char* dsn = std::getenv("TABLEGATE_TEST_DSN");
  ck_assert_msg(dsn != nullptr, "TABLEGATE_TEST_DSN is not set: run this by t/lib/unit.sh");
  Connection connection(PQconnectdb(dsn));
  ck_assert_msg(PQstatus(connection.get()) == CONNECTION_OK, "%s", PQerrorMessage(connection.get()));
  query(connection.get(), "SET DateStyle = 'ISO'");
  query(connection.get(), "SET TimeZone = 'UTC'");
  query(connection.get(), "SET extra_float_digits = 1");
  query(connection.get(), "SET bytea_output = 'hex'");
  query(connection.get(), "SET client_encoding = 'UTF8'");
  return connection;
}

}  // namespace tablegate::core::testing
