// Rows in chunks, and pauses, against a scripted server: order, errors and lost connections after some rows
// (never sent again), leaving while paused, and what stands before and behind a paused query.
#include "pg_fake_server.hpp"
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

struct Fixture {
  explicit Fixture(unsigned connections = 1)
      : dsn(dsn_of("host=" + server.directory())), pool(loop, config_of(dsn, connections)) {}

  void finish(TestQuery& query) {
    wait_for(
        loop, [&] { return query.done(); }, "the query's last callback");
    for (int i = 0; i < 3; ++i) loop.run_once(0);
    ck_assert_int_eq(query.callbacks, 1);
  }
  void run(TestQuery& query) {
    pool.submit(query);
    finish(query);
  }
  void idle(int rounds) {
    for (int i = 0; i < rounds; ++i) loop.run_once(2);
  }

  FakeServer server{[](int) { return Behaviour(); }};
  LogLines log;
  PollLoop loop{log.sink()};
  Dsn dsn;
  Pool pool;
};

TestQuery& in_chunks(TestQuery& query) {
  query.delivery = Delivery::chunks;
  return query;
}

void check_column(const TestQuery& query, std::size_t count) {
  ck_assert_uint_eq(query.column.size(), count);
  for (std::size_t i = 0; i < count; ++i) ck_text_eq(query.column[i], std::to_string(i + 1));
}

START_TEST(rows_come_in_order) {
  Fixture f;
  for (const int count : {0, 1, 63, 64, 65, 1000, 3000}) {
    TestQuery query(1 + static_cast<uint64_t>(count), "rows:" + std::to_string(count));
    f.run(in_chunks(query));
    ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
    check_column(query, static_cast<std::size_t>(count));
    // A result that has arrived as a whole, which needs less than 16 KiB, may come as one.
    ck_assert_int_ge(query.chunks, count > 2000 ? count / 64 : 1);
  }
  TestQuery whole(9000, "rows:1000");
  f.run(whole);
  check_column(whole, 1000);
  ck_assert_int_eq(whole.chunks, 1);
}
END_TEST

START_TEST(a_pause_stops_rows_until_it_is_over) {
  Fixture f;
  TestQuery query(1, "rows:3000");
  int pauses = 0;
  query.on_chunk = [&] {
    if (query.done()) return;
    f.pool.pause(query);
    ++pauses;
  };
  TestQuery next(2, "select $1", {"next"});
  f.pool.submit(in_chunks(query));
  f.pool.submit(next);
  for (int round = 1; !query.done(); ++round) {
    wait_for(
        f.loop, [&] { return pauses == round || query.done(); }, "a chunk");
    if (query.done()) break;
    f.idle(5);
    ck_assert_int_eq(query.chunks, round);
    ck_assert(!next.done());  // the connection takes no other work
    f.pool.resume(query);
    ck_assert_int_eq(query.chunks, round);  // not within the call
  }
  f.finish(query);
  ck_assert_int_ge(pauses, 10);
  check_column(query, 3000);
  f.finish(next);
  ck_text_eq(next.value, "next");
  ck_assert_int_eq(f.server.connections(), 1);
}
END_TEST

START_TEST(a_pause_before_the_first_row) {
  Fixture f;
  TestQuery query(1, "rows:10");
  f.pool.submit(in_chunks(query));
  f.pool.pause(query);
  f.idle(50);
  ck_assert_int_eq(query.chunks, 0);
  ck_assert_uint_eq(f.pool.statistics().in_flight, 1);
  f.pool.resume(query);
  f.finish(query);
  check_column(query, 10);
}
END_TEST

START_TEST(an_error_after_rows_is_told_apart) {
  Fixture f;
  // 40001 before anything was delivered: sent again once. After rows: never.
  TestQuery early(1, "rows:3 fail:40001");
  f.run(in_chunks(early));
  ck_assert(early.failed);
  ck_assert(!early.failure.after_rows);
  ck_assert_int_eq(early.rows, 0);
  ck_assert_uint_eq(f.pool.statistics().retries, 1);
  TestQuery late(2, "rows:3000 fail:40001");
  f.run(in_chunks(late));
  ck_assert(late.failed);
  ck_assert(late.failure.after_rows);
  ck_text_eq(late.failure.sqlstate, "40001");
  ck_assert_int_ge(late.rows, 64);
  ck_assert_uint_eq(f.pool.statistics().retries, 1);
  TestQuery next(3, "select $1", {"next"});
  f.run(next);
  ck_text_eq(next.value, "next");
  ck_assert_int_eq(f.server.connections(), 1);
}
END_TEST

START_TEST(a_connection_lost_after_rows) {
  Fixture f;
  TestQuery query(1, "rows:3000 cut");
  f.run(in_chunks(query));
  ck_assert(query.failed);
  ck_assert(query.failure.after_rows);
  ck_assert(query.failure.kind == Failure::Kind::database_unavailable);
  ck_assert_int_ge(query.rows, 64);
  ck_assert_uint_eq(f.pool.statistics().retries, 0);  // rows that were delivered are never asked for again
  ck_assert_int_eq(f.server.connections(), 1);
}
END_TEST

START_TEST(abandoned_while_paused) {
  Fixture f;
  for (const bool within : {false, true}) {
    auto query = std::make_unique<TestQuery>(1, "rows:3000");
    bool paused = false;
    query->on_chunk = [&] {
      if (paused) return;
      f.pool.pause(*query);
      paused = true;
      if (within) f.pool.abandon(*query);
    };
    f.pool.submit(in_chunks(*query));
    wait_for(
        f.loop, [&] { return paused; }, "the first chunk");
    f.idle(3);
    f.pool.abandon(*query);
    ck_assert_int_eq(query->chunks, 1);
    query.reset();
    TestQuery next(2, "select $1", {"next"});
    f.run(next);
    ck_text_eq(next.value, "next");
  }
  ck_assert_int_eq(f.server.connections(), 1);
  ck_assert_uint_eq(f.pool.statistics().in_flight, 0);
}
END_TEST

START_TEST(point_queries_have_lanes_of_their_own) {
  Fixture f(4);
  TestQuery query(1, "rows:3000");
  query.point = true;  // all the same: a paused connection is nobody else's
  bool paused = false;
  query.on_chunk = [&] {
    if (!paused) f.pool.pause(query);
    paused = true;
  };
  f.pool.submit(in_chunks(query));
  wait_for(
      f.loop, [&] { return paused; }, "the first chunk");
  for (int i = 0; i < 100; ++i) {
    TestQuery other(2, "select $1", {std::to_string(i)});
    other.point = i % 2 == 0;
    f.run(other);
    ck_text_eq(other.value, std::to_string(i));
  }
  ck_assert_int_eq(query.chunks, 1);
  f.pool.resume(query);
  f.finish(query);
  check_column(query, 3000);
}
END_TEST

// One connection with three queries in flight; the one in the middle is paused.
struct Owner final : ConnectionOwner {
  void on_opened(Connection& which) noexcept override {
    for (TestQuery* query : queries) ck_assert(which.send(*query));
    which.end_batch();
  }
  void on_progress(Connection&) noexcept override {}
  void on_answer(const Query&) noexcept override {}
  void on_error(Query& query, const QueryError& error) noexcept override {
    query.on_failure(Failure{Failure::Kind::query_failed, error.sqlstate, error.message});
  }
  void on_lost(Connection&, const std::string& reason) noexcept override {
    ck_assert_msg(false, "lost: %s", reason.c_str());
  }
  void on_asked_to_close(Connection&) noexcept override {}
  bool is_prepared_elsewhere(const Connection&, const Query&) noexcept override { return false; }
  std::vector<TestQuery*> queries;
};

START_TEST(neighbours_in_the_pipeline) {
  for (const char* sql : {"rows:3000", "rows:3000 fail:22012"}) {
    FakeServer server([](int) { return Behaviour(); });
    PollLoop loop;
    const Dsn dsn = dsn_of("host=" + server.directory());
    Owner owner;
    Connection connection(loop, owner, ConnectionConfig());
    TestQuery before(1, "select $1", {"before"});
    TestQuery middle(2, sql);
    TestQuery behind(1, "select $1", {"behind"});
    owner.queries = {&before, &in_chunks(middle), &behind};
    middle.on_chunk = [&] { Connection::set_paused(middle, true); };
    std::string reason;
    ck_assert(connection.open(dsn, 0, reason));
    wait_for(
        loop, [&] { return middle.chunks == 1; }, "the first chunk");
    ck_text_eq(before.value, "before");
    ck_assert(connection.paused());
    for (int i = 0; i < 10; ++i) loop.run_once(2);
    ck_assert(!behind.done());
    ck_assert_uint_eq(connection.overdue_ms(loop.now_ms() + 1000000), 0);  // its server is not to blame
    middle.on_chunk = nullptr;
    Connection::set_paused(middle, false);
    wait_for(
        loop, [&] { return behind.done(); }, "the query behind");
    if (middle.ok) {
      check_column(middle, 3000);
      ck_text_eq(behind.value, "behind");
    } else {
      ck_text_eq(middle.failure.sqlstate, "22012");
      ck_assert(behind.failed);  // under the same Sync: its owner sends it again
    }
  }
}
END_TEST

// Results that wait for their taker have at most half of the connections.
START_TEST(held_results_have_half_of_the_connections) {
  Fixture f(8);  // two for point queries, six others
  std::vector<std::unique_ptr<TestQuery>> large;
  for (int i = 0; i < 8; ++i) {
    large.push_back(std::make_unique<TestQuery>(1, "rows:3000"));
    TestQuery& query = in_chunks(*large.back());
    query.on_chunk = [&f, &query] {
      if (!query.done() && query.chunks == 1) f.pool.pause(query);
    };
    f.pool.submit(query);
  }
  const auto begun = [&large] {
    std::size_t count = 0;
    for (const auto& query : large) count += query->chunks > 0 ? 1 : 0;
    return count;
  };
  wait_for(
      f.loop, [&] { return begun() == 3; }, "three of them");
  f.idle(20);
  ck_assert_uint_eq(begun(), 3);
  // Others pass.
  TestQuery whole(2, "select $1", {"whole"});
  TestQuery small(3, "select $1", {"small"});
  f.run(whole);
  f.run(in_chunks(small));
  ck_text_eq(small.value, "small");
  ck_assert_uint_eq(begun(), 3);
  // One that ends, or is left, makes room for another.
  f.pool.resume(*large[0]);
  f.pool.abandon(*large[1]);
  wait_for(
      f.loop, [&] { return begun() == 5; }, "two more");
  for (auto& query : large) f.pool.abandon(*query);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_chunks", rows_come_in_order, a_pause_stops_rows_until_it_is_over,
                a_pause_before_the_first_row, an_error_after_rows_is_told_apart, a_connection_lost_after_rows,
                abandoned_while_paused, point_queries_have_lanes_of_their_own, neighbours_in_the_pipeline,
                held_results_have_half_of_the_connections);
