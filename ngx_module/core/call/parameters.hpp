// From the bytes of a request to the values of its statement: finds each
// declared parameter, decodes it once, checks it against its type, and hands out
// NUL-terminated texts that PostgreSQL reads as the column's type. Nothing a
// caller sends gets further than this unchecked, and none of it is ever echoed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/call/body.hpp"
#include "core/digest.hpp"
#include "core/manifest/manifest.hpp"
#include "core/plan/bound_values.hpp"

namespace tablegate::core {

// Reads header `name` (any case). `count` tells how often it stands in the request; the value is the first
// one's and lives as long as the request.
class HeaderSource {
 public:
  virtual ~HeaderSource() = default;
  virtual std::string_view find(std::string_view name, unsigned& count) const = 0;
};

// What parameters and credentials are read from. All of it lives as long as the request.
struct RequestData {
  std::string_view path;   // as the router matched it
  std::string_view query;  // raw, without '?'
  const HeaderSource* headers = nullptr;
  const Body* body = nullptr;  // null: none, or not read yet
  // As they came over the wire: what a signature covers.
  std::string_view method;
  std::string_view target;    // path[?query], neither decoded nor normalised
  bool body_pending = false;  // there is a body and nobody has read it
  // The nonce that was taken for this request already, where it is proved more than once: it stays fresh for
  // it. Null: it is proved once.
  std::optional<Digest>* nonce = nullptr;
};

// Binds the request to the API. The first problem in the order of the definition is reported.
Problem bind_parameters(const Api& api, const RequestData& request, Arena& arena, BoundValues& bound);

// Checks one decoded value against a parameter's type and column and returns what is bound: the value itself
// or a copy in the arena (a DATETIME gets its zone). A null `data()` means refused; `detail` says what was
// expected.
std::string_view check_value(const Parameter& parameter, std::string_view value, Arena& arena,
                             std::string_view& detail);

// Finds the first occurrence of `name` in a raw query string or form and counts all. `raw` is the undecoded
// value. Names are compared decoded.
struct QueryValue {
  unsigned count = 0;
  std::string_view raw;
};
QueryValue find_query_value(std::string_view query, std::string_view name);

// Whether a raw name or value of a query is `text` once decoded; allocates nothing.
bool query_text_is(std::string_view raw, std::string_view text);

// Decodes percent-encoding and '+' of a query value. NUL-terminated in the arena, or a view with null data()
// when the encoding is bad. `raw` without an escape is copied as it is.
std::string_view decode_query_value(std::string_view raw, Arena& arena);

}  // namespace tablegate::core
