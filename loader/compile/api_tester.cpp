#include "compile/api_tester.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>

#include "base/refusal.hpp"
#include "compile/plan_mirror.hpp"
#include "compile/sample_call.hpp"
#include "compile/script_description.hpp"
#include "core/answer/json_writer.hpp"
#include "core/answer/page_answer.hpp"
#include "core/answer/problem.hpp"
#include "core/plan/table_generations.hpp"
#include "pg/cells.hpp"
#include "pg/dsn.hpp"
#include "pg/page_cells.hpp"
#include "pg/poll_loop.hpp"
#include "pg/pool.hpp"

namespace tablegate::loader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequestId = "api-test";

// The one query of a test; its answer goes through core's writer while libpq's result is there.
class TestQuery final : public pg::Query {
 public:
  // `page`: BoundValues'.
  TestQuery(const core::Api& api, const core::Walk& walk, const core::BoundPage* page,
            const core::TableGenerations& generations)
      : api_(api), page_(page), statement_(api.program.statement(walk.path, &generations)) {
    key = {api.id, walk.path, 0};
    parameter_count = walk.count;
    values = walk.values;
    timeout_ms = api.timeout_ms;
    point = api.point;
  }

  std::string sql() const override { return statement_.sql; }
  void parameter_types(std::vector<Oid>& types) const override {
    types.insert(types.end(), statement_.types.begin(), statement_.types.end());
  }

  void on_rows(const pg::Cells& cells, bool last) noexcept override {
    (void)last;  // Delivery::whole
    if (!pg::has_columns_of(api_, cells))
      return end(core::Slug::query_failed, "the table's columns or their types differ");
    std::vector<core::Cell> scratch(cells.columns());
    core::PageAnswer page;
    if (page_ != nullptr && !pg::read_page(api_, *page_, cells, arena_, page))
      return end(core::Slug::internal_error, {});
    rows_ = page_ != nullptr ? page.rows : cells.rows();
    core::RowWriter writer(api_, kRequestId, sink_, page_ != nullptr ? &page : nullptr);
    const bool written = writer.begin() && pg::write_rows(cells, writer, scratch.data()) && writer.end();
    if (writer.cut()) truncated_ = writer.rows();
    end(written ? core::Slug::none : core::Slug::internal_error, {});
  }

  void on_failure(const pg::Failure& failure) noexcept override {
    end(pg::slug_of(failure.kind), failure.message);
  }

  bool done() const { return done_; }
  core::Slug slug() const { return slug_; }
  size_t rows() const { return rows_; }
  size_t truncated() const { return truncated_; }
  const std::string& detail() const { return detail_; }
  const std::string& body() const { return sink_.text; }

 private:
  void end(core::Slug slug, const std::string& detail) {
    slug_ = slug;
    detail_ = detail;
    done_ = true;
  }

  const core::Api& api_;
  const core::BoundPage* const page_;
  const core::Statement statement_;
  core::BlockArena arena_;
  core::StringSink sink_;
  std::string detail_;
  size_t rows_ = 0;
  size_t truncated_ = 0;
  core::Slug slug_ = core::Slug::none;
  bool done_ = false;
};

// Where the tables stand, as a gateway reads it. Where that cannot be read they are where their names say.
class GenerationsQuery final : public pg::Query {
 public:
  GenerationsQuery(core::TableGenerations& generations, uint32_t limit_ms) : generations_(generations) {
    key.route = UINT64_MAX;
    timeout_ms = limit_ms;
  }

  std::string sql() const override { return core::kGenerationsSql; }
  void parameter_types(std::vector<Oid>& types) const override { (void)types; }
  void on_rows(const pg::Cells& cells, bool last) noexcept override {
    (void)last;  // Delivery::whole
    pg::read_generations(cells, generations_);
    done_ = true;
  }
  void on_failure(const pg::Failure& failure) noexcept override {
    (void)failure;
    done_ = true;
  }
  bool done() const { return done_; }

 private:
  core::TableGenerations& generations_;
  bool done_ = false;
};

std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* item = list.get(); item != nullptr; item = item->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(item->ai_addr, item->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  return addresses;
}

pg::Dsn read_dsn(const std::string& text) {
  core::Result<pg::Dsn> dsn = pg::parse_dsn(text);
  if (!dsn) throw WrongUsage("the mirror's connection string cannot be used: " + dsn.error().text());
  if (const auto resolved = dsn->resolve(&addresses_of); !resolved) {
    throw SystemFailure("the mirror's host is not known: " + resolved.error().text());
  }
  return std::move(*dsn);
}

// `value` is one of the bound ones, or an item of a list. What the gateway makes itself may be a secret.
TestValue test_value(const core::Api& api, const core::BoundValues& bound, const char* value) {
  const auto text = [value] { return value == nullptr ? std::nullopt : std::optional<std::string>(value); };
  for (size_t i = 0; i < api.parameters.size(); ++i) {
    if (bound.values[i] == value) return {api.parameters[i].name, text()};
    for (size_t item = 0; bound.items != nullptr && item < bound.items[i].count; ++item) {
      if (bound.items[i].items[item] == value)
        return {fmt::format("{}[{}]", api.parameters[i].name, item), text()};
    }
  }
  for (size_t i = 0; i < api.internal.size(); ++i) {
    if (bound.values[api.parameters.size() + i] != value) continue;
    switch (api.internal[i].kind) {
      case core::InternalValue::Kind::page_rows:
        return {"pageSize + 1", text()};
      case core::InternalValue::Kind::page_offset:
        return {"rows before pageNum", text()};
      default:
        return {std::string(core::internal_value_name(api.internal[i].kind)), std::nullopt};
    }
  }
  return {};
}

TestOutcome problem_outcome(const core::Problem& problem, core::Envelope envelope) {
  TestOutcome outcome;
  outcome.status = core::problem_kind(problem).status;
  outcome.response = core::problem_body(problem, envelope, kRequestId);
  return outcome;
}

}  // namespace

// The connection. `query` keys its prepared statements by API, of which each is tested once.
class ApiTester::Mirror {
 public:
  explicit Mirror(const std::string& dsn) : dsn_(read_dsn(dsn)) {
    config_.name = "api test";
    config_.dsn = &dsn_;
    config_.connections = 1;
    config_.queue = 1;
    config_.prepare = false;  // a draft may have changed since its last test over this connection
    config_.role = "tablegate_tester";
    pool_.emplace(loop_, config_);
  }

  TestOutcome run(const core::Manifest& manifest, const core::Api& api, const core::Walk& walk,
                  const core::BoundPage* page) {
    core::TableGenerations generations(manifest);
    GenerationsQuery where(generations, api.timeout_ms);
    pool_->submit(where);
    if (!loop_.run_until([&where] { return where.done(); }, api.timeout_ms)) pool_->abandon(where);
    TestQuery query(api, walk, page, generations);
    const auto start = Clock::now();
    pool_->submit(query);
    // The contract's timeout is for waiting for a connection and the query together.
    if (!loop_.run_until([&query] { return query.done(); }, api.timeout_ms)) {
      pool_->abandon(query);
      // The next test is not to wait for this statement's end.
      pool_.reset();
      pool_.emplace(loop_, config_);
    }
    const double duration_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    TestOutcome outcome;
    if (query.done() && query.slug() == core::Slug::none) {
      outcome.passed = true;
      outcome.empty = query.rows() == 0;
      outcome.truncated = query.truncated();
      outcome.status = 200;
      outcome.response = query.body();
    } else {
      outcome =
          problem_outcome({query.done() ? query.slug() : core::Slug::query_timeout, {}, {}}, api.envelope);
      outcome.detail = query.detail();
    }
    outcome.duration_ms = duration_ms;
    outcome.statement = query.sql();
    return outcome;
  }

 private:
  pg::Dsn dsn_;
  pg::PollLoop loop_;
  pg::PoolConfig config_;
  std::optional<pg::Pool> pool_;
};

ApiTester::ApiTester(std::string mirror_dsn) : mirror_dsn_(std::move(mirror_dsn)) {}
ApiTester::~ApiTester() = default;

std::vector<TableColumn> ApiTester::describe(const ApiEntry& api) {
  if (!descriptions_) descriptions_ = std::make_unique<PlanMirror>(mirror_dsn_);
  try {
    return describe_script(api, *descriptions_);
  } catch (const Failure&) {  // what was prepared last may still be there
    descriptions_.reset();
    throw;
  }
}

TestOutcome ApiTester::test(const ApiEntry& api, const Values& parameters) {
  SampleCall call(api, parameters);
  if (call.problem()) {
    TestOutcome outcome = problem_outcome(call.problem(), call.envelope());
    if (call.api() != nullptr) outcome.missing = call.missing();
    if (call.problem().slug == core::Slug::invalid_parameter) outcome.wrong = call.problem().subject;
    return outcome;
  }
  core::Walk walk;
  if (const core::Problem problem = call.api()->program.walk(call.bound(), call.arena(), walk))
    return problem_outcome(problem, call.envelope());
  if (!mirror_) mirror_ = std::make_unique<Mirror>(mirror_dsn_);
  TestOutcome outcome = mirror_->run(call.manifest(), *call.api(), walk, call.bound().page);
  for (int i = 0; i < walk.count; ++i)
    outcome.values.push_back(test_value(*call.api(), call.bound(), walk.values[i]));
  return outcome;
}

}  // namespace tablegate::loader
