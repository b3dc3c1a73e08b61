// Binds a request to the values of its statement: finds each declared
// parameter, decodes it once, checks it against its type, and returns
// NUL-terminated text that PostgreSQL reads as the column's type. Every byte of
// a caller is checked here, and none of it is repeated in a message.
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

// The headers of a request. Names and values live as long as the request.
class HeaderSource {
 public:
  class Visitor {
   public:
    virtual void header(std::string_view name, std::string_view value) = 0;

   protected:
    ~Visitor() = default;
  };

  virtual ~HeaderSource() = default;
  // Calls the visitor for each header, in their order.
  virtual void visit(Visitor& visitor) const = 0;
  // The value of the first header `name` (any case). `count` is the number of its occurrences.
  virtual std::string_view find(std::string_view name, unsigned& count) const;
};

// The sources of parameters and credentials. All of it lives as long as the request.
struct RequestData {
  // As matched by the router. A NUL byte is an encoded slash: data within a segment.
  std::string_view path;
  std::string_view query;  // raw, without '?'
  const HeaderSource* headers = nullptr;
  const Body* body = nullptr;  // null: none, or not read yet
  // As received, because a signature covers it.
  std::string_view method;
  std::string_view target;  // path[?query], neither decoded nor normalised
  // Where tokens of callers may be; null: nowhere in the query.
  const std::vector<TokenSource>* token_places = nullptr;
  bool body_pending = false;  // there is a body that has not been read yet
  // For a request that is verified more than once: the nonce that was accepted for it, which remains valid
  // for it. Null: it is verified once.
  std::optional<Digest>* nonce = nullptr;
};

// How many items a list parameter may have in a request.
constexpr size_t kMaxListItems = 1000;

// Binds the request to the API; of its internal values those that are the same for all requests. Reports the
// first problem in the order of the definition.
Problem bind_parameters(const Api& api, const RequestData& request, Arena& arena, BoundValues& bound);

// Checks one decoded value against a parameter's type and column and returns what is bound: the value itself
// or a copy in the arena (a DATETIME gets its zone). A null `data()` means rejected; `detail` says what was
// expected.
std::string_view check_value(const Parameter& parameter, std::string_view value, Arena& arena,
                             std::string_view& detail);

// Finds the first occurrence of `name` in a raw query string or form and counts all. `raw` is the undecoded
// value. Names are compared after decoding.
struct QueryValue {
  unsigned count = 0;
  std::string_view raw;
};
QueryValue find_query_value(std::string_view query, std::string_view name);

// Decodes percent-encoding and '+' of a query value to `out`, which has room for raw.size() bytes. Returns
// the end of what was written; null: the encoding is invalid.
char* decode_query_bytes(std::string_view raw, char* out);

// The decoded byte of `raw` at `at`, which is advanced; -1: the encoding is invalid.
int next_query_byte(std::string_view raw, size_t& at);

// Whether a raw name or value of a query equals `text` after decoding; allocates nothing.
bool query_text_is(std::string_view raw, std::string_view text);

// Decodes percent-encoding and '+' of a query value. The result is NUL-terminated in the arena; null data()
// when the encoding is invalid.
std::string_view decode_query_value(std::string_view raw, Arena& arena);

}  // namespace tablegate::core
