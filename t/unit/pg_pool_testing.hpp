// A pool before scripted servers.
#pragma once

#include "pg_fake_server.hpp"
#include "pg_testing.hpp"

namespace tablegate::pg::testing {

struct PoolFixture {
  explicit PoolFixture(
      unsigned connections, FakeServer::Script script = [](int) { return Behaviour(); })
      : server(std::move(script)),
        dsn(dsn_of("host=" + server.directory())),
        config(config_of(dsn, connections)) {}
  Pool& pool() {
    if (!pool_) pool_ = std::make_unique<Pool>(loop, config);
    return *pool_;
  }
  TestQuery& add(bool point, const std::string& value = "v", const std::string& sql = "select $1") {
    queries.push_back(
        std::make_unique<TestQuery>(1 + std::hash<std::string>()(sql), sql, std::vector<std::string>{value}));
    queries.back()->point = point;
    return *queries.back();
  }
  TestQuery& submit(bool point, const std::string& value = "v", const std::string& sql = "select $1") {
    TestQuery& query = add(point, value, sql);
    pool().submit(query);
    return query;
  }
  void finish() {
    wait_for(
        loop,
        [&] {
          for (const auto& query : queries) {
            if (!query->done()) return false;
          }
          return true;
        },
        "every query");
    for (const auto& query : queries) ck_assert_int_eq(query->callbacks, 1);
  }
  // Point queries go in batches, and one connection for them is open.
  void begin_batches() {
    config.batch = true;
    submit(true);
    finish();
  }
  PoolStatistics now() { return pool().statistics(); }

  FakeServer server;
  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  PoolConfig config;
  std::vector<std::unique_ptr<TestQuery>> queries;
  std::unique_ptr<Pool> pool_;
};

inline Behaviour stall(std::size_t after) {
  Behaviour behaviour;
  behaviour.stall_at = after;
  return behaviour;
}

inline Behaviour cut(std::size_t after) {
  Behaviour behaviour;
  behaviour.cut_at = after;
  return behaviour;
}

// Bytes that a server sends up to and including the session's setup.
inline std::size_t setup_bytes() {
  static std::size_t bytes = 0;
  if (bytes == 0) {
    PoolFixture f(1);
    TestQuery& query = f.add(false);
    f.pool().submit(query);
    wait_for(
        f.loop, [&] { return f.now().open == 1; }, "opening");
    // The query was sent when the setup's answer had been read.
    bytes = 0;
    Behaviour probe;
    const std::size_t whole = [&] {
      f.finish();
      return f.server.sent_bytes();
    }();
    PoolFixture again(1);
    again.submit(false);
    again.finish();
    again.submit(false);
    again.finish();
    const std::size_t one_more = again.server.sent_bytes() - whole;
    // A first query = statement_timeout (as long an answer as a row of "10000") + prepare ('1') + query.
    bytes = whole - (one_more + 5) - (one_more + 5 + 4);
  }
  return bytes;
}

}  // namespace tablegate::pg::testing
