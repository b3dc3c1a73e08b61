#include "ngx/validators.hpp"

#include <algorithm>
#include <cstring>

#include "core/text/ascii.hpp"
#include "ngx/answer.hpp"
#include "ngx/answer_cache.hpp"
#include "ngx/worker.hpp"

namespace tablegate::ngx {

namespace {

constexpr std::string_view kIfNoneMatch = "If-None-Match";

// There may be several; they are one list.
struct NoneMatch final : core::HeaderSource::Visitor {
  explicit NoneMatch(std::string_view current) : tag(current) {}
  void header(std::string_view name, std::string_view value) override {
    if (core::same_in_any_case(name, kIfNoneMatch)) named = named || core::names_entity_tag(value, tag);
  }
  std::string_view tag;
  bool named = false;
};

// The date of a table's change stays the same for many answers: the worker keeps the last one.
void write_date(int64_t time, char* out) {
  static int64_t kept_time = INT64_MIN;
  static char kept[core::kHttpDateSize + 1];
  if (time != kept_time) {
    core::format_http_date(time, kept);
    kept_time = time;
  }
  std::memcpy(out, kept, sizeof kept);
}

// The newest change in what the answer was read from. nginx is not told the time: it would answer 304 by it,
// to POST too, and after another version of the API was published.
bool add_last_modified(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  if (modified < 0 || location_config(r).last_modified == 0) return true;
  // Not ahead of the answer's own Date (RFC 9110 section 8.8.2.1).
  write_date(std::min(modified, static_cast<int64_t>(ngx_time())), call.last_modified);
  ngx_table_elt_t* header = add_header(r, "Last-Modified", {call.last_modified, core::kHttpDateSize});
  if (header == nullptr) return false;
  r->headers_out.last_modified = header;  // filters that change the body take it away
  return true;
}

}  // namespace

void make_call_digest(Call& call, const core::BoundValues& bound) {
  const core::Api& api = *call.route.api;
  call.entity_tag = {};
  call.has_digest = false;
  call.kept_under = nullptr;
  begin_keeping(call);
  if (!api.has_validator()) return;
  PoolArena arena(call.request->pool);
  const core::AnswerForm form{static_cast<uint64_t>(call.format),
                              main_config(call.request).manifest->answer_keys};
  call.has_digest = core::digest_call(api, bound, form, arena, call.digest, call.kept_under);
}

void set_generations(Call& call, uint64_t generations) {
  call.entity_tag = {};
  if (!call.has_digest || generations == 0) return;
  // The body of a DataWorks envelope has the id of the request in it.
  const bool weak = call.route.api->envelope == core::Envelope::dataworks;
  call.entity_tag = core::write_entity_tag(call.digest, generations, weak, call.entity_tag_text);
}

bool is_not_modified(Call& call) {
  ngx_http_request_t* r = call.request;
  // What a client knows is about the answer as a whole, not about a part of it.
  if (r != r->main || call.entity_tag.empty() || r->headers_in.if_none_match == nullptr) return false;
  NoneMatch none_match(call.entity_tag);
  Headers(r).visit(none_match);
  return none_match.named;
}

bool add_validators(Call& call, int64_t modified) {
  ngx_http_request_t* r = call.request;
  const core::Api& api = *call.route.api;
  r->disable_not_modified = 1;  // nginx's own filter knows less
  if (!call.entity_tag.empty()) {
    r->headers_out.etag =
        add_header(r, "ETag", call.entity_tag);  // filters that change the body make it weak
    if (r->headers_out.etag == nullptr) return false;
  }
  return add_last_modified(call, modified) && add_header(r, "Cache-Control", api.cache_control) != nullptr &&
         (api.vary.empty() || add_header(r, "Vary", api.vary) != nullptr);
}

}  // namespace tablegate::ngx
