// The one table of errors: each outcome that is no answer, with its HTTP status,
// DataWorks code and slug, the same for the error pages that nginx makes itself,
// and the body that carries it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/answer/envelope.hpp"

namespace tablegate::core {

enum class Slug : uint8_t {
  none,
  missing_parameter,
  invalid_parameter,
  invalid_body,
  missing_credential,
  invalid_credential,
  expired_credential,
  invalid_signature,
  stale_request,
  replayed_nonce,
  consumer_not_authorized,
  api_not_found,
  method_not_allowed,
  not_acceptable,
  body_too_large,
  unsupported_media_type,
  rate_limited,
  queue_full,
  query_failed,
  database_unavailable,
  nonce_store_full,
  query_timeout,
  internal_error,
  count
};

struct ProblemKind {
  Slug slug;
  uint16_t status;
  uint32_t code;             // errCode
  std::string_view name;     // "missing_parameter"
  std::string_view message;  // what errMsg says when the problem carries no text of its own
  bool retry_after;          // the answer carries Retry-After
};

// The row of the table; `slug` is not Slug::none.
const ProblemKind& problem_kind(Slug slug);
struct Problem;
// The same for one problem: an invalid body may be one that was understood (422).
const ProblemKind& problem_kind(const Problem& problem);

// The row for an error page that the HTTP server makes itself, by its status (400 to 599). Its slug is what
// the outcome counts as; its name may be another one. `reading_body`: the server was reading the body for us.
ProblemKind server_problem_kind(uint16_t status, bool reading_body);

// One problem. `subject` is a parameter's name (of the definition, never the caller's bytes) or "body",
// `detail` a text of ours; both live as long as the request. `reason` is a static word for the log, which no
// caller sees: it may say what the answer must not.
struct Problem {
  Problem() = default;
  Problem(Slug what, std::string_view about, std::string_view text,
          std::string_view why = {})  // NOLINT: implicit
      : slug(what), subject(about), detail(text), reason(why) {}

  Slug slug = Slug::none;
  std::string_view subject;
  std::string_view detail;
  std::string_view reason;
  bool understood =
      false;  // of an invalid body: it is well-formed, but not what the API reads (RFC 9110, 422)

  explicit operator bool() const { return slug != Slug::none; }
};

// The body that carries it.
std::string problem_body(const Problem& problem, Envelope envelope, std::string_view request_id,
                         ErrorForm form = ErrorForm::json);
// The same for a row of the server's own.
std::string server_problem_body(const ProblemKind& kind, Envelope envelope, std::string_view request_id,
                                ErrorForm form = ErrorForm::json);

}  // namespace tablegate::core
