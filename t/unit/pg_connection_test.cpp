// One connection against a scripted server: answers split at every byte, FATAL
// at every message, the connection cut at every byte, silence. In each case
// every query ends exactly once: with rows, with an error, or among those in
// flight when the connection is lost.
#include "pg_fake_server.hpp"
#include "pg_testing.hpp"

using namespace tablegate::pg;
using namespace tablegate::pg::testing;

namespace {

// Sends a query once the connection is open.
struct Owner final : ConnectionOwner {
  Owner(PollLoop& event_loop, ConnectionConfig config) : loop(event_loop) {
    ConnectionOwner& self = *this;
    connection = std::make_unique<Connection>(loop, self, std::move(config));
  }
  void on_opened(Connection& which) noexcept override {
    ++opened;
    for (TestQuery* query : queries) {
      if (!which.send(*query)) break;
      ++sent;
      if (!one_sync) which.end_batch();
    }
    which.end_batch();
  }
  void on_answer(const Query&) noexcept override {}
  void on_progress(Connection& which) noexcept override {
    ck_assert_int_eq(lost, 0);
    finished = which.idle();
  }
  void on_error(Query& query, const QueryError& error) noexcept override {
    errors.push_back(error.sqlstate + " " + error.message);
    query.on_failure(Failure{Failure::Kind::query_failed, error.sqlstate, error.message});
  }
  void on_lost(Connection& which, const std::string& text) noexcept override {
    ++lost;
    reason = text;
    QueryList list;
    which.take_in_flight(list);
    while (Query* query = list.pop_front()) returned.push_back(query);
    connection.reset();
  }
  void on_asked_to_close(Connection&) noexcept override { ++asked; }
  bool is_prepared_elsewhere(const Connection&, const Query&) noexcept override { return false; }

  PollLoop& loop;
  std::unique_ptr<Connection> connection;
  std::vector<TestQuery*> queries;
  std::vector<Query*> returned;
  std::vector<std::string> errors;
  std::string reason;
  bool one_sync = false;
  std::size_t sent = 0;
  int opened = 0;
  int lost = 0;
  int asked = 0;
  bool finished = false;
};

struct Outcome {
  int opened = 0;
  int lost = 0;
  std::size_t ok = 0;
  std::size_t returned = 0;
  std::string reason;
  std::size_t bytes = 0;
  std::size_t messages = 0;
};

// Two queries with one statement and one with another, all in flight at once.
Outcome exchange(const Behaviour& behaviour, bool prepare = true, uint32_t connect_timeout_ms = 5000,
                 bool one_sync = false, bool chunks = false) {
  FakeServer server([&](int) { return behaviour; });
  PollLoop loop;
  const Dsn dsn = dsn_of("host=" + server.directory());
  ConnectionConfig config;
  config.connect_timeout_ms = connect_timeout_ms;
  config.prepare = prepare;
  Owner owner(loop, config);
  TestQuery first(1, "select $1", {"one"});
  TestQuery second(1, "select $1", {"two"});
  TestQuery third(2, "select $1::text", {"three"});
  if (chunks) second.delivery = Delivery::chunks;
  owner.one_sync = one_sync;
  owner.queries = {&first, &second, &third};
  std::string reason;
  ck_assert(owner.connection->open(dsn, 0, reason));
  wait_for(
      loop, [&] { return owner.lost > 0 || owner.finished; }, "the end of the exchange");
  for (int i = 0; i < 3; ++i) loop.run_once(0);
  Outcome outcome{owner.opened,        owner.lost,       0, owner.returned.size(), owner.reason,
                  server.sent_bytes(), server.messages()};
  const char* expected[] = {"one", "two", "three"};
  for (std::size_t i = 0; i < 3; ++i) {
    const TestQuery& query = *owner.queries[i];
    ck_assert_int_le(query.callbacks, 1);
    ck_assert(!query.failed);
    if (!query.ok) continue;
    ++outcome.ok;
    ck_text_eq(query.value, expected[i]);
  }
  ck_assert_int_eq(outcome.lost + (owner.finished && outcome.lost == 0 ? 1 : 0), 1);
  if (outcome.opened > 0) ck_assert_uint_eq(outcome.ok + outcome.returned, owner.sent);
  owner.connection.reset();
  ck_assert_uint_eq(loop.watch_count(), 0);
  return outcome;
}

START_TEST(a_whole_exchange) {
  for (const bool prepare : {true, false}) {
    const Outcome outcome = exchange(Behaviour(), prepare);
    ck_assert_int_eq(outcome.opened, 1);
    ck_assert_int_eq(outcome.lost, 0);
    ck_assert_uint_eq(outcome.ok, 3);
  }
}
END_TEST

START_TEST(answers_byte_by_byte) {
  Behaviour behaviour;
  behaviour.every_byte = true;
  ck_assert_uint_eq(exchange(behaviour).ok, 3);
}
END_TEST

START_TEST(answers_split_at_every_byte) {
  const std::size_t bytes = exchange(Behaviour()).bytes;
  ck_assert_uint_gt(bytes, 200);
  for (std::size_t at = 1; at < bytes; ++at) {
    Behaviour behaviour;
    behaviour.split_at = at;
    const Outcome outcome = exchange(behaviour, true, 5000, false, at % 2 == 0);
    ck_assert_msg(outcome.ok == 3 && outcome.lost == 0, "split at %zu: %s", at, outcome.reason.c_str());
  }
}
END_TEST

// Nothing that arrived before the cut is lost, also where the connection is found broken while it sends.
START_TEST(cut_at_every_byte) {
  for (const bool one_sync : {true, false}) {
    for (const bool prepare : {true, false}) {
      const std::size_t bytes = exchange(Behaviour(), prepare, 5000, one_sync).bytes;
      std::size_t before = 0;
      for (std::size_t at = 0; at < bytes; ++at) {
        Behaviour behaviour;
        behaviour.cut_at = at;
        const Outcome outcome = exchange(behaviour, prepare, 5000, one_sync);
        ck_assert_msg(outcome.lost == 1, "cut at %zu: not lost", at);
        ck_assert(!outcome.reason.empty());
        ck_assert_msg(outcome.ok >= before, "cut at %zu: %zu answers, %zu before", at, outcome.ok, before);
        before = outcome.ok;
      }
      ck_assert_msg(before == 3, "%zu of 3, prepare %d", before, prepare);
    }
  }
}
END_TEST

START_TEST(fatal_at_every_message) {
  for (const bool one_sync : {true, false}) {
    const std::size_t messages = exchange(Behaviour(), true, 5000, one_sync).messages;
    ck_assert_uint_gt(messages, 10);
    for (std::size_t at = 0; at < messages; ++at) {
      Behaviour behaviour;
      behaviour.fatal_at = at;
      const Outcome outcome = exchange(behaviour, true, 5000, one_sync);
      ck_assert_int_eq(outcome.lost, 1);
      ck_assert(outcome.opened == 0 || outcome.reason.find("secret detail") == std::string::npos);
      if (!one_sync) continue;
      // Its message is kept (before the session is open libpq writes the message).
      ck_assert_msg(outcome.reason.find("scripted error") != std::string::npos, "at %zu: %s", at,
                    outcome.reason.c_str());
      ck_assert(outcome.opened == 0 || outcome.reason.find("57P01") != std::string::npos);
    }
  }
}
END_TEST

std::string bytes_of(char type, const std::string& body) {
  const auto size = static_cast<char>(body.size() + 4);
  return type + std::string(3, '\0') + size + body;
}

// Messages that may come at any time: a notice, a setting of the session, a notification.
START_TEST(what_is_not_for_a_statement) {
  const std::string end(1, '\0');
  const std::string says = bytes_of('N', "SNOTICE" + end + "C00000" + end + "Msomething" + end + end) +
                           bytes_of('S', "TimeZone" + end + "UTC" + end) +
                           bytes_of('A', std::string(3, '\0') + "\7channel" + end + "payload" + end);
  const std::size_t messages = exchange(Behaviour(), true, 5000, true).messages;
  for (std::size_t at = 1; at < messages; ++at) {
    Behaviour behaviour;
    behaviour.says_at = at;
    behaviour.says = says;
    const Outcome outcome = exchange(behaviour, true, 5000, true);
    ck_assert_msg(outcome.ok == 3 && outcome.lost == 0, "at %zu: %s", at, outcome.reason.c_str());
  }
}
END_TEST

// A connection whose server does not keep to the protocol is given up, and every query ends once.
START_TEST(what_was_not_asked_for) {
  const std::string says[] = {std::string("D\0\0\0\3", 5),            // a length that does not hold itself
                              std::string("D\x7F\xFF\xFF\xFFxx", 7),  // 2 GB
                              std::string("?\0\1\0\0", 5),            // 64 KB of a type that is never long
                              bytes_of('D', std::string("\0\1\0\0\0\1xy", 8)),  // a row with a byte too much
                              bytes_of('D', std::string("\0\1\xFF\xFF\xFF\xFExy", 8)),  // a negative length
                              bytes_of('T', std::string("\0\2v\0", 4)),  // columns without their end
                              bytes_of('E', "SERROR"),                   // a field without its end
                              bytes_of('G', std::string(3, '\0')),       // COPY
                              bytes_of('s', ""),                         // a portal that is not ended
                              bytes_of('3', ""),
                              bytes_of('?', "x"),
                              bytes_of('Z', "I") + bytes_of('Z', "I")};
  const std::size_t messages = exchange(Behaviour(), true, 5000, true).messages;
  for (const std::string& one : says) {
    for (std::size_t at = 1; at < messages; ++at) {
      Behaviour behaviour;
      behaviour.says_at = at;
      behaviour.says = one;
      const Outcome outcome = exchange(behaviour, true, 5000, true);
      ck_assert_msg(outcome.lost == 1, "%c at %zu: not lost", one[0], at);
      ck_assert_msg(outcome.reason.rfind("the server ", 0) == 0 ||
                        outcome.reason.find("cannot be read") != std::string::npos,
                    "%c at %zu: %s", one[0], at, outcome.reason.c_str());
    }
  }
}
END_TEST

START_TEST(silence_ends_with_the_connect_timeout) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{60}, std::size_t{140}}) {
    Behaviour behaviour;
    behaviour.stall_at = at;
    const Outcome outcome = exchange(behaviour, true, 50);
    ck_assert_int_eq(outcome.opened, 0);
    ck_text_eq(outcome.reason, "no answer within the connect timeout");
  }
}
END_TEST

// The server answers at once, but nobody looks for longer than the timeout: before each step, or at once.
START_TEST(a_stall_of_the_loop_is_no_silence_of_the_server) {
  for (const bool every_step : {false, true}) {
    FakeServer server([](int) { return Behaviour(); });
    PollLoop loop;
    const Dsn dsn = dsn_of("host=" + server.directory());
    ConnectionConfig config;
    config.connect_timeout_ms = 50;
    Owner owner(loop, config);
    TestQuery query(1, "select $1", {"one"});
    owner.queries = {&query};
    std::string reason;
    ck_assert(owner.connection->open(dsn, 0, reason));
    for (int round = 0; round < 40 && owner.opened + owner.lost == 0; ++round) {
      if (round == 0 || every_step) usleep(80000);
      loop.run_once(20);
    }
    ck_assert_msg(owner.opened == 1 && owner.lost == 0, "%s", owner.reason.c_str());
    wait_for(
        loop, [&] { return query.done(); }, "the answer");
    owner.connection.reset();
  }
}
END_TEST

START_TEST(nobody_listens) {
  PollLoop loop;
  const Dsn dsn = dsn_of("host=/nonexistent/directory");
  Owner owner(loop, ConnectionConfig());
  std::string reason;
  if (owner.connection->open(dsn, 0, reason)) {
    wait_for(
        loop, [&] { return owner.lost > 0; }, "the refusal");
    reason = owner.reason;
  }
  ck_assert_msg(reason.find("No such file") != std::string::npos, "%s", reason.c_str());
  ck_assert(reason.find('\n') == std::string::npos);
}
END_TEST

START_TEST(no_slot_in_the_loop) {
  FakeServer server([](int) { return Behaviour(); });
  PollLoop loop;
  loop.set_watch_limit(0);
  const Dsn dsn = dsn_of("host=" + server.directory());
  Owner owner(loop, ConnectionConfig());
  std::string reason;
  ck_assert(!owner.connection->open(dsn, 0, reason));
  ck_text_eq(reason, "the event loop has no slot for another connection");
}
END_TEST

START_TEST(errors_stay_with_their_query) {
  FakeServer server([](int) { return Behaviour(); });
  PollLoop loop;
  const Dsn dsn = dsn_of("host=" + server.directory());
  Owner owner(loop, ConnectionConfig());
  TestQuery good(1, "select $1", {"a"});
  TestQuery bad(2, "fail:22012");
  TestQuery lost_statement(3, "fail:26000");
  TestQuery after(1, "select $1", {"b"});
  owner.queries = {&good, &bad, &lost_statement, &after};
  std::string reason;
  ck_assert(owner.connection->open(dsn, 0, reason));
  wait_for(
      loop, [&] { return owner.finished; }, "all four");
  ck_assert(good.ok && after.ok);
  ck_text_eq(bad.failure.sqlstate, "22012");
  ck_text_eq(bad.failure.message, "scripted error");  // and no detail
  ck_text_eq(lost_statement.failure.sqlstate, "26000");
  ck_assert_uint_eq(owner.connection->statement_count(), 2);
}
END_TEST

START_TEST(idle_only_between_queries) {
  FakeServer server([](int) { return Behaviour(); });
  PollLoop loop;
  const Dsn dsn = dsn_of("host=" + server.directory());
  Owner owner(loop, ConnectionConfig());
  TestQuery query(1, "select $1", {"a"});
  owner.queries = {&query};
  std::string reason;
  ck_assert(owner.connection->open(dsn, 0, reason));
  loop.close_idle();
  wait_for(
      loop, [&] { return owner.opened > 0; }, "opening");
  loop.close_idle();
  ck_assert_int_eq(owner.asked, 0);
  wait_for(
      loop, [&] { return owner.finished; }, "the query");
  loop.close_idle();
  ck_assert_int_eq(owner.asked, 1);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_connection", a_whole_exchange, answers_byte_by_byte, answers_split_at_every_byte,
                cut_at_every_byte, fatal_at_every_message, what_is_not_for_a_statement,
                what_was_not_asked_for, silence_ends_with_the_connect_timeout,
                a_stall_of_the_loop_is_no_silence_of_the_server, nobody_listens, no_slot_in_the_loop,
                errors_stay_with_their_query, idle_only_between_queries);
