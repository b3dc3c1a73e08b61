// Point queries that leave together as one statement over their keys, at a real PostgreSQL.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

constexpr Oid kInt4Array = 1007;

// 100 / value, and no row for 13.
class KeyQuery final : public TestQuery {
 public:
  explicit KeyQuery(int value, bool good_keys = true)
      : TestQuery(1, "select 100 / $1 where $1 <> 13", {std::to_string(value)}, {kInt4}),
        good_keys_(good_keys) {
    point = by_keys = true;
    if (!good_keys) key.route = 2;
  }
  std::string keys_sql() const override {
    if (!good_keys_) return "select 1, 1 from unnest($1), generate_series(1, 2)";  // the same place twice
    return "select t.*, k.n from unnest((select $1)) with ordinality k(v, n) "
           "cross join lateral (select 100 / k.v where k.v <> 13) t";
  }
  void keys_types(std::vector<Oid>& types) const override { types.push_back(kInt4Array); }

 private:
  bool good_keys_;
};

using Queries = std::vector<std::unique_ptr<KeyQuery>>;

struct Keys : Fixture {
  Keys() : Fixture(8) { config.batch = true; }
  KeyQuery& submit(int value, bool good_keys = true) {
    queries.push_back(std::make_unique<KeyQuery>(value, good_keys));
    pool().submit(*queries.back());
    return *queries.back();
  }
  void warm_up() {
    submit(1);
    settle();
    queries.clear();
  }
  Queries queries;
};

START_TEST(each_gets_its_own_row) {
  Keys f;
  f.warm_up();
  for (int round = 0; round < 20; ++round) {
    for (int i = 1; i <= 40; ++i) f.submit(i % 20 + 1);
    f.settle();
    for (std::size_t i = 0; i < f.queries.size(); ++i) {
      const KeyQuery& query = *f.queries[i];
      const int value = (static_cast<int>(i) + 1) % 20 + 1;
      ck_assert_int_eq(query.callbacks, 1);
      ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
      ck_assert_int_eq(query.rows, value == 13 ? 0 : 1);
      ck_text_eq(query.value, value == 13 ? "" : std::to_string(100 / value));
    }
    f.queries.clear();
  }
  ck_assert_uint_eq(f.pool().statistics().together, 800);
  ck_assert_uint_eq(f.pool().statistics().retries, 0);
}
END_TEST

START_TEST(few_are_sent_alone) {
  Keys f;
  f.warm_up();
  for (int i = 1; i < static_cast<int>(KeyBatch::kLeast); ++i) f.submit(i);
  f.settle();
  for (const auto& query : f.queries) ck_assert(query->ok);
  ck_assert_uint_eq(f.pool().statistics().together, 0);
}
END_TEST

START_TEST(an_error_is_that_of_one_key) {
  Keys f;
  f.warm_up();
  for (int i = 0; i < 30; ++i) f.submit(i % 10);
  f.settle();
  for (std::size_t i = 0; i < f.queries.size(); ++i) {
    const KeyQuery& query = *f.queries[i];
    ck_assert_int_eq(query.callbacks, 1);
    if (i % 10 == 0) {
      ck_text_eq(query.failure.sqlstate, "22012");
    } else {
      ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
    }
  }
  ck_assert_uint_eq(f.pool().statistics().together, 30);
}
END_TEST

// A result that cannot be handed out.
START_TEST(a_strange_result_is_nobodys) {
  Keys f;
  f.warm_up();
  for (int i = 1; i <= 10; ++i) f.submit(i, false);
  f.settle();
  for (std::size_t i = 0; i < f.queries.size(); ++i)
    ck_text_eq(f.queries[i]->value, std::to_string(100 / (static_cast<int>(i) + 1)));
}
END_TEST

// While it waits, while it is in flight, and within a neighbour's callback.
START_TEST(any_of_them_may_leave) {
  Keys f;
  f.warm_up();
  for (int i = 1; i <= 12; ++i) f.submit(i);
  f.pool().abandon(*f.queries[0]);
  f.pool().abandon(*f.queries[11]);
  f.queries[2]->then = [&f] { f.pool().abandon(*f.queries[5]); };
  f.settle();
  for (std::size_t i = 0; i < f.queries.size(); ++i)
    ck_assert_int_eq(f.queries[i]->callbacks, i == 0 || i == 11 || i == 5 ? 0 : 1);
  f.queries.clear();
  for (int i = 1; i <= 12; ++i) f.submit(i);
  f.loop.run_once(0);
  for (const auto& query : f.queries) f.pool().abandon(*query);
  f.settle();
  for (const auto& query : f.queries) ck_assert_int_eq(query->callbacks, 0);
  f.queries.clear();
  for (int i = 1; i <= 12; ++i) f.submit(i);
  f.settle();
  for (const auto& query : f.queries) ck_assert(query->ok);
}
END_TEST

START_TEST(a_lost_connection_sends_them_again) {
  Admin admin;
  Keys f;
  f.name_sessions("pg_test_keys");
  f.warm_up();
  admin.run(
      "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = "
      "'pg_test_keys'");
  for (int i = 1; i <= 12; ++i) f.submit(i);
  f.settle();
  for (const auto& query : f.queries) ck_assert_msg(query->ok, "%s", query->failure.message.c_str());
  for (int i = 1; i <= 12; ++i) f.submit(i);
  f.pool().shutdown();
  for (std::size_t i = 12; i < 24; ++i) ck_assert_int_eq(f.queries[i]->callbacks, 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_keys_live_pg", each_gets_its_own_row, few_are_sent_alone, an_error_is_that_of_one_key,
                a_strange_result_is_nobodys, any_of_them_may_leave, a_lost_connection_sends_them_again);
