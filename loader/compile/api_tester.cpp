#include "compile/api_tester.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/rand.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <optional>

#include "base/percent.hpp"
#include "base/refusal.hpp"
#include "compile/compiled_api.hpp"
#include "compile/credentials_writer.hpp"
#include "compile/manifest_line.hpp"
#include "compile/manifest_writer.hpp"
#include "core/answer/json_writer.hpp"
#include "core/answer/page_answer.hpp"
#include "core/answer/problem.hpp"
#include "core/call/parameters.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest_reader.hpp"
#include "core/plan/table_generations.hpp"
#include "core/route/router.hpp"
#include "core/text/ascii.hpp"
#include "pg/cells.hpp"
#include "pg/dsn.hpp"
#include "pg/page_cells.hpp"
#include "pg/poll_loop.hpp"
#include "pg/pool.hpp"

namespace tablegate::loader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequestId = "api-test";
// Encrypts the cursors of tests, so that a test takes the cursor of another one. No gateway has this key.
constexpr std::string_view kTestKey = "746573747320686176652061206b6579206f66207468656972206f776e2e2e2e";
constexpr std::string_view kFormBody = "application/x-www-form-urlencoded";

class TestHeaders final : public core::HeaderSource {
 public:
  void add(const std::string& name, const std::string& value) { headers_.emplace_back(name, value); }
  void visit(Visitor& visitor) const override {
    for (const auto& [name, value] : headers_) visitor.header(name, value);
  }

 private:
  Values headers_;
};

// A request as nginx would hand it to core.
struct TestRequest {
  std::string path;
  std::string query;
  std::string form;  // the body of a POST
  TestHeaders headers;
  std::vector<std::string> missing;  // as in SampleRequest
};

// The gateway's own code reports what is missing.
TestRequest test_request(const ApiEntry& api, const CompiledApi& compiled, const Values& given) {
  const SampleRequest sample =
      sample_request(api.definition, compiled.name, compiled.path, api.version_key, given);
  TestRequest request;
  request.path = sample.filled_path([](std::string value) {
    std::replace(value.begin(), value.end(), '/', '\0');  // RequestData::path: data within a segment
    return value;
  });
  request.query = encode_values(sample.query);
  request.form = encode_values(sample.form);
  request.missing = sample.missing;
  for (const auto& [name, value] : sample.headers) request.headers.add(name, value);
  return request;
}

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

TestOutcome problem_outcome(const core::Problem& problem, core::Envelope envelope) {
  TestOutcome outcome;
  outcome.status = core::problem_kind(problem.slug).status;
  outcome.response = core::problem_body(problem, envelope, kRequestId);
  return outcome;
}

// With a random mask key: who tests a draft needs no secret of the catalog.
std::string test_credentials(const std::string& gateway, std::string_view manifest) {
  core::Digest key{};
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    throw SystemFailure("OpenSSL could not make random bytes");
  const std::string digest = digest_of_lines(manifest.substr(manifest.find('\n') + 1));
  return write_credentials(
      gateway, {digest},
      credentials_lines({{"cursor", std::string(kTestKey)}, {"mask", core::to_hex(key)}}, {}));
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

TestOutcome ApiTester::test(const ApiEntry& api, const Values& parameters) {
  ManifestContents contents;
  contents.gateway = "api test";
  contents.apis.push_back(api);
  contents.apis.back().domains.clear();  // any host: a test has none
  const std::string text = write_manifest(contents);
  const auto manifest = core::read_manifest(text, test_credentials(contents.gateway, text));
  if (!manifest) throw Refused("the gateway would not serve this draft: " + manifest.error().text());
  const TestRequest request = test_request(api, compile_api(contents.apis.back()), parameters);
  const core::RouteMatch match = (*manifest)->router->find("", request.path, (*manifest)->apis.front().method,
                                                           request.query, &request.headers);
  if (match.api == nullptr) return problem_outcome({core::Slug::api_not_found, {}, {}}, match.envelope);
  core::RequestData data;
  data.path = request.path;
  data.query = request.query;
  data.headers = &request.headers;
  data.method = match.api->method;
  const core::Body body{core::body_kind(kFormBody, request.form), request.form};
  data.body = &body;
  core::BlockArena arena;
  core::BoundValues bound;
  if (const core::Problem problem = core::bind_parameters(*match.api, data, arena, bound)) {
    TestOutcome outcome = problem_outcome(problem, match.envelope);
    outcome.missing = request.missing;
    return outcome;
  }
  core::Walk walk;
  if (const core::Problem problem = match.api->program.walk(bound, arena, walk))
    return problem_outcome(problem, match.envelope);
  if (!mirror_) mirror_ = std::make_unique<Mirror>(mirror_dsn_);
  return mirror_->run(**manifest, *match.api, walk, bound.page);
}

}  // namespace tablegate::loader
