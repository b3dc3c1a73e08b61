#include "ngx/answer_cache.hpp"

#include <cstring>
#include <new>
#include <utility>

#include "core/mix.hpp"
#include "core/plan/table_generations.hpp"
#include "ngx/answer.hpp"
#include "ngx/page.hpp"
#include "ngx/request_id.hpp"
#include "ngx/validators.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

// What is kept before the body: from it the headers are made. The cursor of a page is between the two.
struct KeptHead {
  uint64_t rows = 0;
  uint64_t page_number = 0;
  uint64_t total = 0;
  uint32_t page_size = 0;
  uint32_t cursor_size = 0;
  bool cut = false;
  bool page = false;
  bool more = false;
  bool has_cursors = false;
  bool has_total = false;
};

constexpr size_t kPieces = 64;  // of a body, and the two before it
constexpr size_t kIdSize = 32;  // of a request's id
constexpr std::string_view kAfterId = R"(","apiLog":null})";

Worker& worker_of_call(const Call& call) {
  return *main_config(call.request).worker;
}

// The body of this answer has the id of its request in it.
bool has_id(const Call& call) {
  return call.route.api->envelope == core::Envelope::dataworks && call.format == core::Format::json;
}

core::AnswerKey key_of(const Call& call, uint64_t generations) {
  const uint64_t hash = core::mix(core::mix(call.digest[0] + generations) ^ call.digest[1]);
  return {hash | 1U, generations, call.kept_under->bytes()};
}

KeptHead head_of(const WrittenRows& rows, const core::PageAnswer* page) {
  KeptHead head;
  head.rows = rows.count;
  head.cut = rows.cut;
  if (page == nullptr) return head;
  head.page = true;
  head.page_number = page->number;
  head.page_size = page->size;
  head.cursor_size = static_cast<uint32_t>(page->next_cursor.size());
  head.more = page->more;
  head.has_cursors = page->has_cursors;
  head.has_total = page->total.has_value();
  head.total = page->total.value_or(0);
  return head;
}

// What the headers need of a page. `kept` begins with the cursor.
core::PageAnswer page_of(const KeptHead& head, std::string_view kept) {
  core::PageAnswer page;
  page.number = head.page_number;
  page.size = head.page_size;
  page.rows = head.rows;
  page.more = head.more;
  page.has_cursors = head.has_cursors;
  page.next_cursor = kept.substr(0, head.cursor_size);
  if (head.has_total) page.total = head.total;
  return page;
}

// Each answer has the id of its own request.
bool set_id(const Call& call, char* body, size_t size) {
  const std::string_view id = request_id(call.request);
  const size_t from_end = kIdSize + kAfterId.size();
  if (id.size() != kIdSize || size < from_end) return false;
  std::memcpy(body + size - from_end, id.data(), kIdSize);
  return true;
}

// The generations are those of Call::set_generations. `modified` as in Waiter::on_rows.
ngx_int_t send_kept(Call& call, uint64_t generations, int64_t modified) {
  core::AnswerStore* store = worker_of_call(call).answers();
  if (call.kept_under == nullptr || store == nullptr) return NGX_DECLINED;
  ngx_http_request_t* r = call.request;
  PoolArena arena(r->pool);
  std::string_view kept;
  if (!store->find(key_of(call, generations), arena, kept)) return NGX_DECLINED;
  KeptHead head;
  std::memcpy(&head, kept.data(), sizeof head);
  kept.remove_prefix(sizeof head);
  const std::string_view body = kept.substr(head.cursor_size);
  // A copy of its own: it may be written into.
  if (has_id(call) && !set_id(call, const_cast<char*>(body.data()), body.size())) return NGX_DECLINED;
  call.cache_status = CacheStatus::hit;
  if (const ngx_int_t rc = discard_body(call); rc != NGX_OK) return rc;
  const core::PageAnswer page = page_of(head, kept);
  ngx_chain_t* const chain = chain_of(r, body);
  if (chain == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  return send_written_rows(call, {head.rows, head.cut}, {modified, head.page ? &page : nullptr, 0},
                           {body.size(), chain});
}

// Where the call has an answer already, by generations that are known.
ngx_int_t answer_by(Call& call, const core::TableGenerations& known) {
  const core::Api& api = *call.route.api;
  const uint64_t generations = known.identity(api);
  set_generations(call, generations);
  if (generations == 0) return NGX_DECLINED;
  const int64_t modified = known.modified(api);
  if (is_not_modified(call)) {
    if (call.kept_under != nullptr) call.cache_status = CacheStatus::hit;
    return send_not_modified(call, modified);
  }
  return send_kept(call, generations, modified);
}

}  // namespace

void begin_keeping(Call& call) {
  ngx_http_request_t* r = call.request;
  if (worker_of_call(call).answers() == nullptr) return;
  call.cache_status = CacheStatus::bypass;
  if (location_config(r).cache == 0 || !call.route.api->has_validator()) return;
  void* const memory = ngx_palloc(r->pool, sizeof(core::CallText));
  if (memory == nullptr) return;
  call.kept_under = new (memory) core::CallText;
  call.kept_under->number(call.route.api->mark);
  call.cache_status = CacheStatus::miss;
}

ngx_int_t answer_without_query(Call& call) {
  if (!call.has_digest) return NGX_DECLINED;
  Generations& known = *worker_of_call(call).generations(*call.route.api);
  if (!known.current()) return NGX_DECLINED;
  const ngx_int_t rc = answer_by(call, known.known());
  if (rc != NGX_DECLINED) known.touch();
  return rc;
}

ngx_int_t answer_stale(Call& call, core::Slug failure) {
  const time_t bound = location_config(call.request).stale;
  if (bound == 0 || !call.has_digest) return NGX_DECLINED;
  Generations& known = *worker_of_call(call).generations(*call.route.api);
  // A statement that was too slow does not say that the server cannot be asked: what else is read says it.
  const bool gone =
      failure == core::Slug::database_unavailable || (failure == core::Slug::query_timeout && !known.fresh());
  const std::optional<uint64_t> age = known.age_ms();
  if (!gone || !age || *age / 1000 > static_cast<uint64_t>(bound)) return NGX_DECLINED;
  known.touch();
  call.stale_seconds = *age / 1000;
  const core::Problem problem = std::exchange(call.problem, {});
  const ngx_int_t rc = answer_by(call, known.known());
  if (rc != NGX_DECLINED) {
    if (call.cache_status != CacheStatus::none) call.cache_status = CacheStatus::stale;
    return rc;
  }
  call.problem = problem;
  call.stale_seconds.reset();
  return NGX_DECLINED;
}

bool keeps(const Call& call, size_t size) {
  const core::AnswerStore* store = worker_of_call(call).answers();
  return call.cache_status == CacheStatus::miss && !call.entity_tag.empty() && store != nullptr &&
         !call.kept_under->bytes().empty() && size <= store->max_value();
}

void keep_rows(const Call& call, const WrittenRows& rows, const RowHeaders& headers,
               const WrittenBody& body) {
  if (!keeps(call, body.size)) return;
  if (has_id(call) && request_id(call.request).size() != kIdSize) return;
  const KeptHead head = head_of(rows, headers.page);
  std::string_view pieces[kPieces];
  size_t count = 0;
  pieces[count++] = {reinterpret_cast<const char*>(&head), sizeof head};
  if (headers.page != nullptr) pieces[count++] = headers.page->next_cursor;
  for (const ngx_chain_t* link = body.chain; link != nullptr; link = link->next) {
    if (count == kPieces) return;
    const ngx_buf_t& buffer = *link->buf;
    pieces[count++] = {reinterpret_cast<const char*>(buffer.pos),
                       static_cast<size_t>(buffer.last - buffer.pos)};
  }
  worker_of_call(call).answers()->keep(key_of(call, call.generations()), pieces, count);
}

bool add_stale_headers(Call& call) {
  if (!call.stale_seconds) return true;
  ngx_http_request_t* r = call.request;
  PoolArena arena(r->pool);
  const char* const text = arena.copy(std::to_string(*call.stale_seconds));
  return text != nullptr && add_header(r, "Age", text) != nullptr &&
         add_header(r, "X-Tablegate-Stale", text) != nullptr;
}

std::string_view cache_status(const Call& call) {
  switch (call.cache_status) {
    case CacheStatus::bypass:
      return "BYPASS";
    case CacheStatus::miss:
      return "MISS";
    case CacheStatus::hit:
      return "HIT";
    case CacheStatus::stale:
      return "STALE";
    case CacheStatus::none:
      break;
  }
  return {};
}

}  // namespace tablegate::ngx
