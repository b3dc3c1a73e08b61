// The pool against a real PostgreSQL: TABLEGATE_TEST_DSN names a database whose user may create
// tables and terminate its own backends. Exit 77 = skipped. The pool only reads, so a plain
// libpq connection ("admin") prepares what it needs and plays the adversary.
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

std::string test_dsn() {
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
  Pool& pool() {
    if (!pool_) pool_ = std::make_unique<Pool>(loop, config);
    return *pool_;
  }
  void run(TestQuery& query) {
    pool().submit(query);
    wait_for(
        loop, [&] { return query.done(); }, "the query's callback");
  }

  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  PoolConfig config;
  std::unique_ptr<Pool> pool_;
};

std::unique_ptr<TestQuery> add_one(int i, bool point) {
  auto query = std::make_unique<TestQuery>(1, "select $1 + 1", std::vector<std::string>{std::to_string(i)},
                                           std::vector<Oid>{kInt8});
  query->point = point;
  return query;
}

void check_many(bool pipeline, bool batch, bool prepare, unsigned connections) {
  Fixture f(connections);
  f.config.pipeline = pipeline;
  f.config.batch = batch;
  f.config.prepare = prepare;
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 2000; ++i) {
    queries.push_back(add_one(i, i % 3 != 0));
    f.pool().submit(*queries.back());
    if (i % 100 == 0) f.loop.run_once(0);
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; },
      "2000 queries");
  for (int i = 0; i < 2000; ++i) {
    const TestQuery& query = *queries[static_cast<std::size_t>(i)];
    ck_assert_int_eq(query.callbacks, 1);
    ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
    CHECK_TEXT(query.value, std::to_string(i + 1));
    ck_assert_uint_ne(query.sent_ms, 0);
  }
  ck_assert_uint_le(f.pool().statistics().open, connections);
  ck_assert_uint_eq(f.pool().statistics().retries, 0);
}

START_TEST(many_queries_sync_each) {
  check_many(true, false, true, 8);
}
END_TEST
START_TEST(many_queries_batched) {
  check_many(true, true, true, 8);
}
END_TEST
START_TEST(many_queries_without_pipeline) {
  check_many(false, false, true, 4);
}
END_TEST
START_TEST(many_queries_on_one_connection) {
  check_many(true, false, true, 1);
}
END_TEST
START_TEST(many_queries_unprepared) {
  check_many(false, false, false, 4);
}
END_TEST
START_TEST(many_queries_unprepared_batched) {
  check_many(true, true, false, 8);
}
END_TEST

START_TEST(session_is_set_up) {
  for (const bool prepare : {true, false}) {
    Fixture f(2);
    f.config.prepare = prepare;
    TestQuery query(1,
                    "select concat_ws('|', current_setting('DateStyle'), current_setting('TimeZone'), "
                    "current_setting('IntervalStyle'), current_setting('bytea_output'), "
                    "current_setting('transaction_read_only'), current_setting('client_encoding'), "
                    "current_setting('statement_timeout'), current_setting('application_name'))");
    f.run(query);
    CHECK_TEXT(query.value, "ISO, YMD|UTC|postgres|hex|on|UTF8|10s|tablegate");
    TestQuery write(2, "create table never_made(a int)");
    f.run(write);
    CHECK_TEXT(write.failure.sqlstate, "25006");
    ck_assert(write.failure.kind == Failure::Kind::query_failed);
    ck_assert(f.log.has("25006"));
  }
}
END_TEST

START_TEST(a_role_is_assumed) {
  Admin admin;
  admin.run("drop role if exists tgtest_reader");
  admin.run("create role tgtest_reader");
  for (const bool prepare : {true, false}) {
    Fixture f(1);
    f.config.role = "tgtest_reader";
    f.config.prepare = prepare;
    TestQuery query(1, "select current_user::text");
    f.run(query);
    CHECK_TEXT(query.value, "tgtest_reader");
  }
  admin.run("drop role tgtest_reader");
  Fixture f(1);
  f.config.role = "tgtest_reader";
  TestQuery query(1, "select 1");
  f.run(query);
  ck_assert(query.failure.kind == Failure::Kind::database_unavailable);
  ck_assert(f.log.has("session setup failed"));
}
END_TEST

START_TEST(null_and_text_values) {
  Fixture f(2);
  TestQuery query(1, "select coalesce($1, 'was null') || $2", {"x", "'; drop table users; --"});
  const char* values[] = {nullptr, "\xC3\xA9"};
  query.values = values;
  f.run(query);
  CHECK_TEXT(query.value, "was null\xC3\xA9");
}
END_TEST

START_TEST(statements_are_evicted_after_256) {
  Fixture f(2);
  for (int round = 0; round < 2; ++round) {
    for (uint64_t route = 0; route < 300; ++route) {
      TestQuery query(route, "select " + std::to_string(route));
      query.point = true;
      f.run(query);
      CHECK_TEXT(query.value, std::to_string(route));
    }
  }
  TestQuery count(9999, "select count(*) from pg_prepared_statements where name like 'tg\\_%'");
  count.point = true;
  f.run(count);
  // The last DEALLOCATE comes behind the query that made room for itself.
  ck_assert_int_le(atoi(count.value.c_str()), 257);
  ck_assert_int_ge(atoi(count.value.c_str()), 250);
}
END_TEST

START_TEST(many_statements_at_once) {
  for (const bool batch : {false, true}) {
    Fixture f(8);
    f.config.batch = batch;
    std::vector<std::unique_ptr<TestQuery>> queries;
    for (uint64_t i = 0; i < 1500; ++i) {
      const uint64_t route = (i * 7919) % 400;
      queries.push_back(std::make_unique<TestQuery>(route, "select " + std::to_string(route)));
      queries.back()->point = i % 2 == 0;
      f.pool().submit(*queries.back());
    }
    wait_for(
        f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
    for (const auto& query : queries) {
      CHECK_TEXT(query->value, std::to_string(query->key.route));
    }
  }
}
END_TEST

START_TEST(changed_column_type_is_planned_again) {
  Admin admin;
  admin.run(
      "drop table if exists pg_test_changing; create table pg_test_changing(a int); "
      "insert into pg_test_changing values (7)");
  for (const bool point : {true, false}) {
    Fixture f(2);
    TestQuery before(1, "select * from pg_test_changing");
    before.point = point;
    f.run(before);
    CHECK_TEXT(before.value, "7");
    admin.run("alter table pg_test_changing alter a type bigint");
    TestQuery after(1, "select * from pg_test_changing");
    TestQuery second(1, "select * from pg_test_changing");
    after.point = second.point = point;
    f.pool().submit(second);
    f.run(after);
    wait_for(
        f.loop, [&] { return second.done(); }, "the second");
    ck_assert_msg(after.ok && second.ok, "%s", after.failure.message.c_str());
    ck_assert_uint_ge(f.pool().statistics().retries, 1);
    admin.run("alter table pg_test_changing alter a type int");
  }
  admin.run("drop table pg_test_changing");
}
END_TEST

START_TEST(lost_statement_is_prepared_again) {
  Fixture f(2);
  for (const bool point : {true, false}) {
    TestQuery before(1, "select 5");
    TestQuery drop(2, "deallocate all");
    TestQuery after(1, "select 5");
    before.point = drop.point = after.point = point;
    f.run(before);
    f.run(drop);
    f.run(after);
    ck_assert(drop.ok && after.ok);
    CHECK_TEXT(after.value, "5");
  }
}
END_TEST

START_TEST(prepare_error_is_reported) {
  for (const bool batch : {false, true}) {
    Fixture f(8);
    f.config.batch = batch;
    std::vector<std::unique_ptr<TestQuery>> bad;
    std::vector<std::unique_ptr<TestQuery>> good;
    for (int i = 0; i < 20; ++i) {
      good.push_back(add_one(i, true));
      f.pool().submit(*good.back());
      bad.push_back(std::make_unique<TestQuery>(7, "select * from no_such_table"));
      bad.back()->point = true;
      f.pool().submit(*bad.back());
    }
    wait_for(
        f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
    for (const auto& query : bad) {
      ck_assert_int_eq(query->callbacks, 1);
      ck_assert(query->failure.kind == Failure::Kind::query_failed);
      CHECK_TEXT(query->failure.sqlstate, "42P01");
    }
    for (const auto& query : good) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  }
}
END_TEST

START_TEST(errors_do_not_touch_neighbours) {
  for (const bool batch : {false, true}) {
    Fixture f(8);
    f.config.batch = batch;
    std::vector<std::unique_ptr<TestQuery>> queries;
    for (int i = 0; i < 500; ++i) {
      queries.push_back(std::make_unique<TestQuery>(
          1, "select 100 / $1", std::vector<std::string>{std::to_string(i % 5)}, std::vector<Oid>{kInt4}));
      queries.back()->point = true;
      f.pool().submit(*queries.back());
    }
    wait_for(
        f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const TestQuery& query = *queries[i];
      ck_assert_int_eq(query.callbacks, 1);
      if (i % 5 == 0) {
        CHECK_TEXT(query.failure.sqlstate, "22012");
      } else {
        ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
      }
    }
  }
}
END_TEST

START_TEST(statement_timeout_is_a_query_timeout) {
  for (const bool prepare : {true, false}) {
    Fixture f(1);
    f.config.prepare = prepare;
    TestQuery slow(1, "select pg_sleep(30)");
    slow.timeout_ms = 100;
    f.run(slow);
    ck_assert(slow.failure.kind == Failure::Kind::query_timeout);
    CHECK_TEXT(slow.failure.sqlstate, "57014");
    TestQuery longer(2, "select pg_sleep(0.3)");
    f.run(longer);
    ck_assert(longer.ok);
    TestQuery unlimited(3, "select current_setting('statement_timeout')");
    unlimited.timeout_ms = 0;
    f.run(unlimited);
    CHECK_TEXT(unlimited.value, "0");
  }
}
END_TEST

START_TEST(timeout_is_only_raised_on_a_shared_connection) {
  Fixture f(8);
  for (const uint32_t ms : {2000U, 3000U, 1000U}) {
    TestQuery query(1, "select current_setting('statement_timeout')");
    query.point = true;
    query.timeout_ms = ms;
    f.run(query);
    CHECK_TEXT(query.value, ms == 2000 ? "2s" : "3s");
  }
}
END_TEST

START_TEST(terminated_before_the_query) {
  Admin admin;
  Fixture f(8);
  for (const bool point : {true, false}) {
    TestQuery pid(1, "select pg_backend_pid()");
    pid.point = point;
    f.run(pid);
    admin.run("select pg_terminate_backend(" + pid.value + ", 5000)");
    // The loop has not run: the pool still believes in the connection.
    TestQuery query(2, "select 2");
    query.point = point;
    f.run(query);
    ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
  }
  ck_assert_uint_eq(f.pool().statistics().lost, 2);
}
END_TEST

START_TEST(terminated_while_idle) {
  Admin admin;
  Fixture f(8);
  TestQuery pid(1, "select pg_backend_pid()");
  f.run(pid);
  admin.run("select pg_terminate_backend(" + pid.value + ", 5000)");
  wait_for(
      f.loop, [&] { return f.pool().statistics().open == 0; }, "the loss of an idle connection");
  ck_assert_uint_eq(f.loop.watch_count(), 0);
  TestQuery query(2, "select 2");
  f.run(query);
  ck_assert(query.ok);
}
END_TEST

START_TEST(terminated_during_the_query) {
  Admin admin;
  Fixture f(8);
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 40; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.02)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight > 10; }, "queries in flight");
  const std::string killed = admin.run(
      "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tablegate'");
  ck_assert_int_ge(atoi(killed.c_str()), 1);
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
  for (const auto& query : queries) {
    ck_assert_int_eq(query->callbacks, 1);
    ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  }
  ck_assert_uint_ge(f.pool().statistics().lost, 1);
  ck_assert(f.log.has("57P01"));
}
END_TEST

START_TEST(a_query_that_kills_its_backend_fails_the_second_time) {
  Fixture f(2);
  TestQuery query(1, "select pg_terminate_backend(pg_backend_pid())");
  f.run(query);
  ck_assert(query.failure.kind == Failure::Kind::database_unavailable);
  ck_assert_int_eq(query.callbacks, 1);
  ck_assert_uint_eq(f.pool().statistics().lost, 2);
  TestQuery next(2, "select 1");
  f.run(next);
  ck_assert(next.ok);
}
END_TEST

START_TEST(abandoned_in_flight) {
  Fixture f(2);
  for (const bool point : {true, false}) {
    auto gone = std::make_unique<TestQuery>(1, "select pg_sleep(0.2)");
    gone->point = point;
    f.pool().submit(*gone);
    wait_for(
        f.loop, [&] { return gone->sent_ms != 0; }, "sending");
    f.pool().abandon(*gone);
    f.pool().abandon(*gone);
    ck_assert_int_eq(gone->callbacks, 0);
    gone.reset();  // its memory is the caller's again
    ck_assert_uint_eq(f.pool().statistics().in_flight, 1);
    TestQuery next(2, "select 3");
    next.point = point;
    f.run(next);
    CHECK_TEXT(next.value, "3");
    ck_assert_uint_eq(f.pool().statistics().in_flight, 0);
  }
}
END_TEST

START_TEST(big_answers_and_big_parameters) {
  Fixture f(2);
  TestQuery rows(1, "select repeat('x', 100) from generate_series(1, 100000)");
  f.run(rows);
  ck_assert_int_eq(rows.rows, 100000);
  TestQuery value(2, "select repeat('y', 30000000)");
  f.run(value);
  ck_assert_uint_eq(value.value.size(), 30000000);
  for (const bool point : {true, false}) {
    TestQuery parameter(3, "select $1", {std::string(30000000, 'z')});
    parameter.point = point;
    f.run(parameter);
    ck_assert_uint_eq(parameter.value.size(), 30000000);
  }
  // Both at once, both ways full: neither side may wait for the other.
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 20; ++i) {
    queries.push_back(
        std::make_unique<TestQuery>(4, "select $1", std::vector<std::string>{std::string(2000000, 'q')}));
    queries.back()->point = true;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
  for (const auto& query : queries) ck_assert_uint_eq(query->value.size(), 2000000);
}
END_TEST

START_TEST(max_connections_reached) {
  Admin admin;
  admin.run("drop role if exists tgtest_few");
  admin.run("create role tgtest_few login connection limit 2");
  Fixture f(8);
  f.dsn = dsn_of(test_dsn() + " user=tgtest_few");
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 60; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.01)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
  for (const auto& query : queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  ck_assert_uint_le(f.pool().statistics().open, 2);
  ck_assert_uint_ge(f.pool().statistics().connect_failures, 1);
  ck_assert(f.log.has("too many connections"));
  f.pool_.reset();
  wait_for(
      f.loop,
      [&] {
        f.loop.run_once(20);
        return admin.run("select count(*) from pg_stat_activity where usename = 'tgtest_few'") == "0";
      },
      "the backends to leave");
  // Not one connection: every query fails, at once and for good.
  admin.run("alter role tgtest_few connection limit 0");
  TestQuery none(2, "select 1");
  f.run(none);
  ck_assert(none.failure.kind == Failure::Kind::database_unavailable);
  f.pool_.reset();
  admin.run("drop role tgtest_few");
}
END_TEST

START_TEST(max_connections_with_one_open_serves_both_kinds) {
  Admin admin;
  admin.run("drop role if exists tgtest_one");
  admin.run("create role tgtest_one login connection limit 1");
  Fixture f(8);
  f.dsn = dsn_of(test_dsn() + " user=tgtest_one");
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 30; ++i) {
    queries.push_back(std::make_unique<TestQuery>(1, "select pg_sleep(0.01)"));
    queries.back()->point = i % 2 == 0;
    f.pool().submit(*queries.back());
  }
  wait_for(
      f.loop, [&] { return f.pool().statistics().in_flight + f.pool().statistics().waiting == 0; }, "all");
  for (const auto& query : queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  f.pool_.reset();
  admin.run("drop role tgtest_one");
}
END_TEST

START_TEST(copy_and_empty_statements) {
  Fixture f(2);
  TestQuery empty(1, "");
  f.run(empty);
  ck_assert(empty.failure.kind == Failure::Kind::query_failed);
  TestQuery copy(2, "copy (select 1) to stdout");
  f.run(copy);
  ck_assert(copy.failed);
  TestQuery next(3, "select 1");
  f.run(next);
  ck_assert(next.ok);
}
END_TEST

START_TEST(a_bad_parameter_count_is_refused) {
  Fixture f(2);
  TestQuery query(1, "select $1", {"a", "b"});
  query.parameter_count = 70000;  // libpq itself refuses to send this one
  f.run(query);
  ck_assert(query.failed);
}
END_TEST

START_TEST(callbacks_may_submit_and_destroy) {
  Fixture f(4);
  int finished = 0;
  std::function<void(int)> start = [&](int left) {
    auto* query = new TestQuery(1, "select 1");  // owned by its own callback
    query->point = left % 2 == 0;
    query->then = [&, query, left] {
      const std::unique_ptr<TestQuery> mine(query);
      ++finished;
      if (left > 0) start(left - 1);
    };
    f.pool().submit(*query);
  };
  for (int i = 0; i < 20; ++i) start(20);
  wait_for(
      f.loop, [&] { return finished == 20 * 21; }, "a chain of queries");
}
END_TEST

}  // namespace

int main() {
  if (getenv("TABLEGATE_TEST_DSN") == nullptr) {
    puts("skipped: TABLEGATE_TEST_DSN is not set");
    return 77;
  }
  Suite* suite = suite_create("pg_live");
  TCase* cases = tcase_create("live");
  tcase_set_timeout(cases, 120);
  const TTest* tests[] = {many_queries_sync_each,
                          many_queries_batched,
                          many_queries_without_pipeline,
                          many_queries_on_one_connection,
                          many_queries_unprepared,
                          many_queries_unprepared_batched,
                          session_is_set_up,
                          a_role_is_assumed,
                          null_and_text_values,
                          statements_are_evicted_after_256,
                          many_statements_at_once,
                          changed_column_type_is_planned_again,
                          lost_statement_is_prepared_again,
                          prepare_error_is_reported,
                          errors_do_not_touch_neighbours,
                          statement_timeout_is_a_query_timeout,
                          timeout_is_only_raised_on_a_shared_connection,
                          terminated_before_the_query,
                          terminated_while_idle,
                          terminated_during_the_query,
                          a_query_that_kills_its_backend_fails_the_second_time,
                          abandoned_in_flight,
                          big_answers_and_big_parameters,
                          max_connections_reached,
                          max_connections_with_one_open_serves_both_kinds,
                          copy_and_empty_statements,
                          a_bad_parameter_count_is_refused,
                          callbacks_may_submit_and_destroy};
  for (const TTest* test : tests) tcase_add_test(cases, test);
  suite_add_tcase(suite, cases);
  return run_suite(suite);
}
