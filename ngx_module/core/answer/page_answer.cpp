#include "core/answer/page_answer.hpp"

#include <algorithm>

#include "core/answer/query_address.hpp"
#include "core/call/unknown_parameters.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxLinks = 8000;  // bytes, about what clients and proxies take as one header

// The request's query without the place of the page and without credentials, ready for one more pair.
std::string kept_query(const Api& api, const RequestData& request) {
  std::string kept;
  for (size_t at = 0; at < request.query.size();) {
    const size_t end = std::min(request.query.find('&', at), request.query.size());
    const std::string_view pair = request.query.substr(at, end - at);
    const std::string_view name = pair.substr(0, pair.find('='));
    at = end + 1;
    if (pair.empty() || query_text_is(name, kPageParameters[kPageNum].name) ||
        query_text_is(name, kPageParameters[kCursor].name) || is_credential(api, request, name))
      continue;
    append_encoded_text(kept, pair);
    kept += '&';
  }
  return kept;
}

class Links {
 public:
  explicit Links(std::string query) : query_(std::move(query)) {}

  void page(const char* relation, uint64_t number) {
    add(relation, kPageParameters[kPageNum].name, std::to_string(number));
  }
  void cursor(const char* relation, std::string_view cursor) {
    add(relation, kPageParameters[kCursor].name, cursor);
  }
  std::string finish() { return text_.size() > kMaxLinks ? std::string() : std::move(text_); }

 private:
  void add(const char* relation, std::string_view name, std::string_view value) {
    text_.append(text_.empty() ? "<?" : ", <?").append(query_).append(name).append("=").append(value);
    text_.append(">; rel=\"").append(relation).append("\"");
  }

  const std::string query_;
  std::string text_;
};

}  // namespace

std::string page_head(const PageAnswer& page) {
  std::string text;
  if (page.total) text = "\"totalNum\":" + std::to_string(*page.total) + ",";
  return text + "\"pageSize\":" + std::to_string(page.size) + ",\"rows\":";
}

std::string page_tail(const PageAnswer& page) {
  std::string text;
  if (page.number != 0) text += ",\"pageNum\":" + std::to_string(page.number);
  if (page.has_cursors && page.next_cursor.empty()) text += ",\"nextCursor\":null";
  if (!page.next_cursor.empty()) text.append(",\"nextCursor\":\"").append(page.next_cursor).append("\"");
  if (!page.generations.empty()) return text + ",\"generation\":" + page.generations;
  return text + ",\"generation\":" + (page.generation ? std::to_string(*page.generation) : "null");
}

std::string page_links(const Api& api, const RequestData& request, const PageAnswer& page, Format format) {
  Links links(kept_query(api, request));
  links.page("first", 1);
  if (page.number == 0) {
    if (!page.next_cursor.empty()) links.cursor("next", page.next_cursor);
    return links.finish();
  }
  const uint64_t deepest = kMaxPageDepth / page.size;
  const uint64_t last = page.total ? std::max<uint64_t>((*page.total + page.size - 1) / page.size, 1) : 0;
  if (page.number > 1) {
    const bool past = last != 0 && page.number > last;
    links.page("prev", past ? last : page.number - 1);
  }
  if (format != Format::json && !page.next_cursor.empty()) {
    links.cursor("next", page.next_cursor);
  } else if (page.more && page.number < deepest) {
    links.page("next", page.number + 1);
  }
  if (last != 0 && last <= deepest) links.page("last", last);
  return links.finish();
}

}  // namespace tablegate::core
