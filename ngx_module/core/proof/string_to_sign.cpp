#include "core/proof/string_to_sign.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "core/text/ascii.hpp"

namespace tablegate::core {

namespace {

constexpr size_t kMaxPairs = 1024;
// Each is looked for among the request's headers.
constexpr size_t kMaxSignedHeaders = 100;

constexpr std::string_view kFixed[] = {"accept", "content-md5", "content-type", "date"};

// A valid name of a header (RFC 9110 section 5.6.2).
bool token(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_token_character);
}

// Headers that are never among the signed ones, listed or not: the signature itself, and those with a line of
// their own.
bool never_listed(std::string_view name) {
  if (same_in_any_case(name, "x-ca-signature") || same_in_any_case(name, "x-ca-signature-headers"))
    return true;
  return std::any_of(std::begin(kFixed), std::end(kFixed),
                     [name](std::string_view fixed) { return same_in_any_case(name, fixed); });
}

// Calls visit(part) for each part of `text` between `separator`s, until it returns false.
template <class Visit>
bool for_each_part(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (!visit(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

template <class T>
T* allocate(Arena& arena, size_t count) {
  auto* items = static_cast<T*>(arena.allocate(std::max<size_t>(1, count) * sizeof(T)));
  for (size_t i = 0; items != nullptr && i < count; ++i) new (items + i) T();
  return items;
}

}  // namespace

std::string_view single_header(const HeaderSource& headers, std::string_view name, bool& repeated) {
  unsigned count = 0;
  const std::string_view value = headers.find(name, count);
  if (count > 1) repeated = true;
  return value;
}

Problem SignedRequest::read(const RequestData& request, HmacProfile profile, Arena& arena) {
  // nginx ends the path or the query at '#', the signed text would not: `a=1%23b` and `a=1#b` are one text
  // but two requests.
  if (request.target.find('#') != std::string_view::npos)
    return {Slug::invalid_parameter, {}, "'#' is not percent-encoded", "fragment"};
  method_ = request.method;
  path_ = request.target.substr(0, request.target.find('?'));
  if (Problem problem = read_headers(request, arena)) return problem;
  if (Problem problem = read_pairs(request, profile == HmacProfile::raw_query, arena)) return problem;
  size_t room = method_.size() + path_.size() + 8;
  for (std::string_view value : fixed_) room += value.size();
  for (size_t i = 0; i < header_count_; ++i) room += headers_[i].name.size() + headers_[i].value.size() + 2;
  for (size_t i = 0; i < pair_count_; ++i) room += pairs_[i].key.size() + pairs_[i].value.size() + 2;
  buffer_ = static_cast<char*>(arena.allocate(room));
  if (buffer_ == nullptr) return {Slug::internal_error, {}, {}};
  return {};
}

Problem SignedRequest::read_headers(const RequestData& request, Arena& arena) {
  bool repeated = false;
  for (size_t i = 0; i < std::size(kFixed); ++i) {
    fixed_[i] = single_header(*request.headers, kFixed[i], repeated);
  }
  const std::string_view list = single_header(*request.headers, "x-ca-signature-headers", repeated);
  if (repeated) return invalid_signature("repeated_header");
  size_t most = 0;
  if (!for_each_part(list, ',', [&most](std::string_view) { return ++most <= kMaxSignedHeaders; }))
    return invalid_signature("too_many_headers");
  headers_ = allocate<Header>(arena, most);
  if (headers_ == nullptr) return {Slug::internal_error, {}, {}};
  bool malformed = false;
  const bool complete = for_each_part(list, ',', [&](std::string_view part) {
    Header header;
    header.name = trimmed(part);
    if (header.name.empty() || never_listed(header.name)) return true;
    malformed = malformed || !token(header.name);
    header.value = single_header(*request.headers, header.name, repeated);
    char* copy = arena.copy(header.name);
    if (copy == nullptr) return false;
    std::transform(copy, copy + header.name.size(), copy, [](char c) { return to_lower(c); });
    header.lower = {copy, header.name.size()};
    mixed_case_ = mixed_case_ || header.lower != header.name;
    headers_[header_count_++] = header;
    return true;
  });
  if (!complete) return {Slug::internal_error, {}, {}};
  if (repeated) return invalid_signature("repeated_header");
  // A line of the header `/p?a=b` could also be the path line of another request, whose value continues after
  // an LF.
  if (malformed) return invalid_signature("malformed_list");
  std::sort(headers_, headers_ + header_count_,
            [](const Header& a, const Header& b) { return a.lower < b.lower; });
  for (size_t i = 1; i < header_count_; ++i) {
    if (headers_[i].lower == headers_[i - 1].lower) return invalid_signature("header_listed_twice");
  }
  return {};
}

Problem SignedRequest::read_pairs(const RequestData& request, bool raw, Arena& arena) {
  const size_t mark = request.target.find('?');
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
  const bool form = request.body != nullptr && request.body->kind == Body::Kind::form;
  const std::string_view body = form ? request.body->bytes : std::string_view();
  size_t most = 0;
  for (std::string_view text : {query, body}) {
    for_each_part(text, '&',
                  [&most](std::string_view part) { return (most += part.empty() ? 0 : 1) <= kMaxPairs; });
  }
  if (most > kMaxPairs) return {Slug::invalid_parameter, {}, "there are more than 1024 parameters", {}};
  pairs_ = allocate<Pair>(arena, most);
  if (pairs_ == nullptr) return {Slug::internal_error, {}, {}};
  if (Problem problem = add_pairs(query, raw, arena)) return problem;
  // Forms have no `raw` profile: Alibaba's samples that sign a raw query sign a form's values decoded.
  if (Problem problem = add_pairs(body, false, arena)) return problem;

  if (sort_pairs(&Pair::name) && (!raw || sort_pairs(&Pair::key))) return {};
  // A signature could cover the first value only.
  return {Slug::invalid_parameter, {}, "a parameter is given more than once", "repeated_key"};
}

bool SignedRequest::sort_pairs(std::string_view Pair::*by) {
  Pair* const end = pairs_ + pair_count_;
  std::sort(pairs_, end, [by](const Pair& a, const Pair& b) { return a.*by < b.*by; });
  return std::adjacent_find(pairs_, end, [by](const Pair& a, const Pair& b) { return a.*by == b.*by; }) ==
         end;
}

Problem SignedRequest::add_pairs(std::string_view text, bool raw, Arena& arena) {
  const bool complete = for_each_part(text, '&', [&](std::string_view part) {
    if (part.empty()) return true;
    const size_t sign = part.find('=');
    const std::string_view raw_value =
        sign == std::string_view::npos ? std::string_view() : part.substr(sign + 1);
    Pair pair;
    pair.name = decode_query_value(part.substr(0, sign), arena);
    pair.value = decode_query_value(raw_value, arena);
    if (pair.name.data() == nullptr || pair.value.data() == nullptr) return false;
    pair.key = raw ? part.substr(0, sign) : pair.name;
    if (raw) pair.value = raw_value;
    empty_values_ = empty_values_ || pair.value.empty();
    pairs_[pair_count_++] = pair;
    return true;
  });
  if (complete) return {};
  return {Slug::invalid_parameter, {}, "a parameter is not correctly percent-encoded", {}};
}

bool SignedRequest::covers(std::string_view header) const {
  return std::any_of(headers_, headers_ + header_count_,
                     [header](const Header& one) { return same_in_any_case(one.lower, header); });
}

SignedRequest::Spelling SignedRequest::spelling(unsigned number) const {
  Spelling spelling;
  spelling.lower_case = mixed_case_ && number % 2 == 1;
  spelling.empty_with_sign = empty_values_ && (mixed_case_ ? number / 2 : number) % 2 == 1;
  return spelling;
}

std::string_view SignedRequest::text(Spelling spelling) {
  const bool low = spelling.lower_case;
  std::sort(headers_, headers_ + header_count_,
            [low](const Header& a, const Header& b) { return low ? a.lower < b.lower : a.name < b.name; });
  char* at = buffer_;
  const auto put = [&at](std::string_view text) { at += text.copy(at, text.size()); };
  put(method_);
  put("\n");
  for (std::string_view value : fixed_) {
    put(value);
    put("\n");
  }
  for (size_t i = 0; i < header_count_; ++i) {
    put(low ? headers_[i].lower : headers_[i].name);
    put(":");
    put(headers_[i].value);
    put("\n");
  }
  put(path_);
  for (size_t i = 0; i < pair_count_; ++i) {
    put(i == 0 ? "?" : "&");
    put(pairs_[i].key);
    if (!pairs_[i].value.empty() || spelling.empty_with_sign) put("=");
    put(pairs_[i].value);
  }
  return {buffer_, static_cast<size_t>(at - buffer_)};
}

}  // namespace tablegate::core
