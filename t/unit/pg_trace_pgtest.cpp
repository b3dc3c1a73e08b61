// Query::trace against a real PostgreSQL: each query runs under its own name and no other, however queries
// share a connection and a Sync, and errors are those of the query itself.
#include "pg_live.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

constexpr int kQueries = 600;

// Every third has a trace; every seventh is wrong.
void check_mixed(bool pipeline, bool batch, bool prepare) {
  Fixture f(4);
  f.config.pipeline = pipeline;
  f.config.batch = batch;
  f.config.prepare = prepare;
  std::vector<std::string> names;
  for (int i = 0; i < kQueries; ++i) names.push_back("trace " + std::to_string(i));
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < kQueries; ++i) {
    const bool wrong = i % 7 == 0;
    queries.push_back(std::make_unique<TestQuery>(
        wrong ? 2 : 1, wrong ? "select no_such_column" : "select current_setting('application_name')"));
    queries.back()->point = i % 2 == 0;
    if (i % 3 == 0) queries.back()->trace = names[static_cast<size_t>(i)].c_str();
    f.pool().submit(*queries.back());
    if (i % 50 == 0) f.loop.run_once(0);
  }
  f.settle();
  for (int i = 0; i < kQueries; ++i) {
    const TestQuery& query = *queries[static_cast<size_t>(i)];
    ck_assert_int_eq(query.callbacks, 1);
    if (i % 7 == 0) {
      ck_text_eq(query.failure.sqlstate, "42703");
    } else {
      ck_assert_msg(query.ok, "%s", query.failure.message.c_str());
      ck_text_eq(query.value, i % 3 == 0 ? names[static_cast<size_t>(i)] : std::string("tablegate"));
    }
  }
}

START_TEST(each_query_has_its_own_name) {
  check_mixed(true, true, true);
  check_mixed(true, false, true);
  check_mixed(false, false, true);
}
END_TEST

START_TEST(without_prepared_statements) {
  check_mixed(true, true, false);
  check_mixed(false, false, false);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_trace_pg", each_query_has_its_own_name, without_prepared_statements);
