// The stamp of a batch against scripted servers: which answers wait for it, what an error or an abandoned
// query changes, a connection that is cut at every byte.
#include "core/plan/table_generations.hpp"
#include "pg_pool_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;
using tablegate::core::kPoolerStampSql;
using tablegate::core::kStampSql;

namespace {

std::size_t count(const std::vector<std::string>& statements, const std::string& text) {
  std::size_t found = 0;
  for (const std::string& statement : statements) found += statement == text ? 1 : 0;
  return found;
}

// Point queries that wait for the first connection and then go as one batch.
struct Batch : PoolFixture {
  Batch() : PoolFixture(4) { config.batch = true; }
  TestQuery& add_stamped(const std::string& value, const std::string& sql = "select $1") {
    TestQuery& query = add(true, value, sql);
    query.stamped = true;
    return query;
  }
  void send() {
    for (const auto& query : queries) pool().submit(*query);
  }
};

START_TEST(one_stamp_a_batch) {
  for (const bool prepare : {true, false}) {
    Batch f;
    f.config.prepare = prepare;
    const TestQuery& first = f.add_stamped("one");
    const TestQuery& plain = f.add(true, "two");
    const TestQuery& last = f.add_stamped("three");
    f.send();
    f.finish();
    ck_text_eq(first.value, "one");
    ck_text_eq(last.value, "three");
    ck_assert_uint_eq(first.stamp, 1);
    ck_assert_uint_eq(last.stamp, 1);
    ck_assert_msg(plain.ok && plain.stamp == 0, "not asked for");
    ck_assert_uint_eq(count(f.server.statements(), prepare ? kStampSql : kPoolerStampSql), 1);
    TestQuery& again = f.submit(true, "four");
    f.finish();
    ck_assert_msg(again.stamp == 0, "a batch without a stamp");
    ck_assert_uint_eq(count(f.server.statements(), prepare ? kStampSql : kPoolerStampSql), 1);
  }
}
END_TEST

START_TEST(a_query_alone_has_one) {
  PoolFixture f(2);
  for (int i = 0; i < 3; ++i) {
    TestQuery& query = f.add(false, "v");
    query.stamped = true;
    f.pool().submit(query);
    f.finish();
    ck_assert(query.ok);
    ck_assert_uint_eq(query.stamp, 1);
  }
  ck_assert_msg(count(f.server.statements(), kStampSql) == 1, "prepared once");
}
END_TEST

START_TEST(a_neighbour_fails) {
  Batch f;
  const TestQuery& before = f.add_stamped("one");
  const TestQuery& bad = f.add_stamped("v", "fail:22012");
  const TestQuery& after = f.add_stamped("two");
  f.send();
  f.finish();
  ck_assert_msg(before.ok && before.stamp == 0, "its transaction ended before the stamp was read");
  ck_assert(bad.failed);
  ck_text_eq(bad.failure.sqlstate, "22012");
  ck_assert_msg(after.ok && after.stamp == 1, "it was sent again");
}
END_TEST

START_TEST(one_that_is_held_is_abandoned) {
  Batch f;
  TestQuery& first = f.add_stamped("one");
  TestQuery& second = f.add_stamped("two");
  TestQuery& third = f.add_stamped("three");
  first.then = [&] { f.pool().abandon(second); };
  f.send();
  wait_for(
      f.loop, [&] { return third.done(); }, "the third");
  ck_assert(first.ok && third.ok);
  ck_assert_int_eq(second.callbacks, 0);
  ck_assert_uint_eq(third.stamp, 1);
}
END_TEST

START_TEST(cut_at_every_byte) {
  std::size_t most = 0;
  for (std::size_t at = 0; at == 0 || at <= most; ++at) {
    PoolFixture f(4, [&](int connection) {
      Behaviour behaviour;
      if (at > 0 && connection == 0) behaviour.cut_at = at - 1;
      return behaviour;
    });
    f.config.batch = true;
    for (const char* value : {"one", "two"}) {
      TestQuery& query = f.add(true, value);
      query.stamped = true;
    }
    for (const auto& query : f.queries) f.pool().submit(*query);
    f.finish();
    for (const auto& query : f.queries) ck_assert(query->failed || query->stamp <= 1);
    if (at == 0) most = f.server.sent_bytes();
    if (at == 0) ck_assert(f.queries[0]->stamp == 1 && f.queries[1]->stamp == 1);
  }
}
END_TEST

class ChunkQuery final : public TestQuery {
 public:
  ChunkQuery(const std::string& stamp_text, const std::string& text)
      : TestQuery(std::hash<std::string>()(text), text), stamp_text_(stamp_text) {
    delivery = Delivery::chunks;
    stamped = true;
  }
  std::string stamp_sql() const override { return stamp_text_; }

 private:
  std::string stamp_text_;
};

START_TEST(chunks_have_it_with_the_first_row) {
  for (const bool prepare : {true, false}) {
    PoolFixture f(2);
    f.config.prepare = prepare;
    ChunkQuery query("select stamp", "rows:200");
    uint64_t at_first = 0;
    query.on_chunk = [&] { at_first = query.chunks == 1 ? query.stamp : at_first; };
    f.pool().submit(query);
    wait_for(
        f.loop, [&] { return query.done(); }, "the rows");
    ck_assert_int_eq(query.rows, 200);
    ck_assert_uint_eq(at_first, 1);
    ck_assert_msg(count(f.server.statements(), kStampSql) == 0, "no second one");
    ChunkQuery without("", "rows:3");
    f.pool().submit(without);
    wait_for(
        f.loop, [&] { return without.done(); }, "the rows");
    ck_assert(without.ok && without.stamp == 0);
  }
}
END_TEST

START_TEST(the_stamp_before_chunks_fails) {
  PoolFixture f(2);
  ChunkQuery query("fail:42P01", "rows:200");
  f.pool().submit(query);
  wait_for(
      f.loop, [&] { return query.done(); }, "the failure");
  ck_assert(query.failed);
  ck_text_eq(query.failure.sqlstate, "42P01");
  ck_assert_int_eq(query.rows, 0);
  ChunkQuery bad("select stamp", "fail:22012");
  f.pool().submit(bad);
  wait_for(
      f.loop, [&] { return bad.done(); }, "the failure");
  ck_text_eq(bad.failure.sqlstate, "22012");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_stamps", one_stamp_a_batch, a_query_alone_has_one, a_neighbour_fails,
                one_that_is_held_is_abandoned, cut_at_every_byte, chunks_have_it_with_the_first_row,
                the_stamp_before_chunks_fails);
