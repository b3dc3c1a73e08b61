// The pool against a real PostgreSQL: many queries in every mode, sessions, statements, errors, sizes.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

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
    ck_text_eq(query.value, std::to_string(i + 1));
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
    TestQuery query(
        1,
        "select concat_ws('|', current_setting('DateStyle'), current_setting('TimeZone'), "
        "current_setting('IntervalStyle'), current_setting('bytea_output'), "
        "current_setting('transaction_read_only'), current_setting('client_encoding'), "
        "current_setting('statement_timeout'), current_setting('application_name'), "
        "current_setting('search_path'), current_setting('lock_timeout'), "
        "current_setting('transform_null_equals'), current_setting('standard_conforming_strings'), "
        "current_setting('array_nulls'), current_setting('row_security'))");
    f.run(query);
    ck_text_eq(query.value, "ISO, YMD|UTC|postgres|hex|on|UTF8|10s|tablegate|pg_catalog|0|off|on|on|on");
    TestQuery write(2, "create table never_made(a int)");
    f.run(write);
    ck_text_eq(write.failure.sqlstate, "25006");
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
    ck_text_eq(query.value, "tgtest_reader");
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
  ck_text_eq(query.value, "was null\xC3\xA9");
}
END_TEST

START_TEST(statements_are_evicted_beyond_the_capacity) {
  Fixture f(2);
  for (int round = 0; round < 2; ++round) {
    for (uint64_t route = 0; route < StatementCache::kCapacity + 44; ++route) {
      TestQuery query(route, "select " + std::to_string(route));
      f.run(query);
      ck_text_eq(query.value, std::to_string(route));
    }
  }
  TestQuery count(9999, "select count(*) from pg_prepared_statements where name like 'tg\\_%'");
  f.run(count);
  // The last DEALLOCATE follows the query that needed its place.
  ck_assert_int_le(atoi(count.value.c_str()), static_cast<int>(StatementCache::kCapacity) + 1);
  ck_assert_int_ge(atoi(count.value.c_str()), static_cast<int>(StatementCache::kCapacity) - 6);
}
END_TEST

START_TEST(many_statements_at_once) {
  for (const bool batch : {false, true}) {
    Fixture f(8);
    f.config.batch = batch;
    f.config.queue = 4096;
    std::vector<std::unique_ptr<TestQuery>> queries;
    for (uint64_t i = 0; i < 3000; ++i) {  // more than the places of a shared connection
      const uint64_t route = (i * 7919) % 1301;
      queries.push_back(std::make_unique<TestQuery>(route, "select " + std::to_string(route)));
      queries.back()->point = i % 2 == 0;
      f.pool().submit(*queries.back());
    }
    f.settle();
    for (const auto& query : queries) {
      ck_text_eq(query->value, std::to_string(query->key.route));
    }
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
    f.settle();
    for (const auto& query : bad) {
      ck_assert_int_eq(query->callbacks, 1);
      ck_assert(query->failure.kind == Failure::Kind::query_failed);
      ck_text_eq(query->failure.sqlstate, "42P01");
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
    f.settle();
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const TestQuery& query = *queries[i];
      ck_assert_int_eq(query.callbacks, 1);
      if (i % 5 == 0) {
        ck_text_eq(query.failure.sqlstate, "22012");
      } else {
        ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
      }
    }
  }
}
END_TEST

// As long as queries are on their way to a shared connection it is only raised; the first one has its own.
START_TEST(timeout_of_a_shared_connection) {
  Fixture f(8);
  for (const uint32_t ms : {2000U, 3000U, 1000U}) {
    TestQuery query(1, "select current_setting('statement_timeout')");
    query.point = true;
    query.timeout_ms = ms;
    f.run(query);
    ck_text_eq(query.value, std::to_string(ms / 1000) + "s");
  }
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (const uint32_t ms : {2000U, 3000U, 1000U}) {
    queries.push_back(std::make_unique<TestQuery>(1, "select current_setting('statement_timeout')"));
    queries.back()->point = true;
    queries.back()->timeout_ms = ms;
    f.pool().submit(*queries.back());
  }
  f.settle();
  ck_text_eq(queries[0]->value, "2s");
  ck_text_eq(queries[1]->value, "3s");
  ck_text_eq(queries[2]->value, "3s");
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
  // Both at once, both directions full: neither side may wait for the other.
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < 20; ++i) {
    queries.push_back(
        std::make_unique<TestQuery>(4, "select $1", std::vector<std::string>{std::string(2000000, 'q')}));
    queries.back()->point = true;
    f.pool().submit(*queries.back());
  }
  f.settle();
  for (const auto& query : queries) ck_assert_uint_eq(query->value.size(), 2000000);
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
  query.parameter_count = 70000;  // more than a message can have
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

TABLEGATE_SUITE("pg_live_pg", many_queries_sync_each, many_queries_batched, many_queries_without_pipeline,
                many_queries_on_one_connection, many_queries_unprepared, many_queries_unprepared_batched,
                session_is_set_up, a_role_is_assumed, null_and_text_values,
                statements_are_evicted_beyond_the_capacity, many_statements_at_once,
                prepare_error_is_reported, errors_do_not_touch_neighbours, timeout_of_a_shared_connection,
                big_answers_and_big_parameters, copy_and_empty_statements, a_bad_parameter_count_is_refused,
                callbacks_may_submit_and_destroy);
