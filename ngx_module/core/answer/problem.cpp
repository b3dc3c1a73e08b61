#include "core/answer/problem.hpp"

#include <array>

namespace tablegate::core {

namespace {

// Codes 1108... are DataWorks' own where it has one for the outcome; else the HTTP status.
constexpr std::array<ProblemKind, static_cast<size_t>(Slug::count)> kKinds = {{
    {Slug::none, 0, 0, "", "", false},
    {Slug::missing_parameter, 400, 1108110519, "missing_parameter", "a required parameter is missing", false},
    {Slug::invalid_parameter, 400, 400, "invalid_parameter", "a parameter is not valid", false},
    {Slug::invalid_body, 400, 400, "invalid_body", "the body is not valid", false},
    {Slug::missing_credential, 401, 401, "missing_credential", "the request carries no credential", false},
    {Slug::invalid_credential, 401, 401, "invalid_credential", "the credential is not valid", false},
    {Slug::expired_credential, 401, 401, "expired_credential", "the credential has expired", false},
    {Slug::invalid_signature, 401, 401, "invalid_signature", "the signature is not valid", false},
    {Slug::stale_request, 401, 401, "stale_request", "the request was signed too long ago", false},
    {Slug::replayed_nonce, 401, 401, "replayed_nonce", "the nonce was used before", false},
    {Slug::consumer_not_authorized, 403, 403, "consumer_not_authorized",
     "the consumer is not authorized for this API", false},
    {Slug::api_not_found, 404, 404, "api_not_found", "no API is published here", false},
    {Slug::method_not_allowed, 405, 405, "method_not_allowed", "the API does not take this method", false},
    {Slug::not_acceptable, 406, 406, "not_acceptable", "the API has none of the accepted formats", false},
    {Slug::body_too_large, 413, 413, "body_too_large", "the body is too large", false},
    {Slug::unsupported_media_type, 415, 415, "unsupported_media_type",
     "the body must be application/json or application/x-www-form-urlencoded", false},
    {Slug::rate_limited, 429, 1108113002, "rate_limited", "too many requests, try again later", true},
    {Slug::queue_full, 429, 1108113002, "queue_full", "too many requests are waiting, try again later", true},
    {Slug::query_failed, 500, 1108110622, "query_failed", "the query failed", false},
    {Slug::database_unavailable, 503, 1108110703, "database_unavailable", "the database is not available",
     true},
    {Slug::nonce_store_full, 503, 503, "nonce_store_full",
     "no more nonces can be remembered, try again later", true},
    {Slug::query_timeout, 504, 1108110583, "query_timeout", "the query took too long", false},
    {Slug::internal_error, 500, 500, "internal_error", "the request could not be served", false},
}};

constexpr ProblemKind kUnderstood = {Slug::invalid_body,      422,  422, "invalid_body",
                                     "the body is not valid", false};

// Pages of the server itself. Statuses of the table above keep its words.
constexpr ProblemKind kServerKinds[] = {
    {Slug::invalid_body, 400, 400, "bad_request", "the request is no valid HTTP", false},
    {Slug::invalid_body, 401, 401, "unauthorized", "authorization is required", false},
    {Slug::invalid_body, 403, 403, "forbidden", "this is not allowed", false},
    {Slug::invalid_body, 404, 404, "api_not_found", "no API is published here", false},
    {Slug::invalid_body, 405, 405, "method_not_allowed", "the method is not allowed here", false},
    {Slug::not_acceptable, 406, 406, "not_acceptable", "none of the accepted media types is available",
     false},
    {Slug::invalid_body, 408, 408, "request_timeout", "the request took too long to arrive", false},
    {Slug::body_too_large, 413, 413, "body_too_large", "the body is too large", false},
    {Slug::invalid_body, 414, 414, "uri_too_long", "the URL is too long", false},
    {Slug::invalid_body, 415, 415, "unsupported_media_type", "the media type is not supported", false},
    {Slug::rate_limited, 429, 1108113002, "rate_limited", "too many requests, try again later", true},
    {Slug::internal_error, 502, 502, "bad_gateway", "the server behind this gateway did not answer", false},
    {Slug::internal_error, 503, 503, "service_unavailable", "the service is not available, try again later",
     true},
    {Slug::internal_error, 504, 504, "gateway_timeout", "the server behind this gateway took too long",
     false},
};
constexpr ProblemKind kBadBody = {Slug::invalid_body,          400,  400, "invalid_body",
                                  "the body is no valid HTTP", false};

}  // namespace

const ProblemKind& problem_kind(Slug slug) {
  return kKinds[static_cast<size_t>(slug)];
}

const ProblemKind& problem_kind(const Problem& problem) {
  return problem.slug == Slug::invalid_body && problem.understood ? kUnderstood : problem_kind(problem.slug);
}

ProblemKind server_problem_kind(uint16_t status, bool reading_body) {
  if (status == 400 && reading_body) return kBadBody;
  for (const ProblemKind& kind : kServerKinds) {
    if (kind.status == status) return kind;
  }
  if (status < 500)
    return {Slug::invalid_body, status, status, "bad_request", "the request was refused", false};
  return {Slug::internal_error, status, status, "internal_error", "the request could not be served", false};
}

std::string problem_body(const Problem& problem, Envelope envelope, std::string_view request_id,
                         ErrorForm form) {
  const ProblemKind& kind = problem_kind(problem);
  std::string message;
  if (!problem.subject.empty()) {
    message.append(problem.slug == Slug::invalid_body ? "the " : "parameter ")
        .append(problem.subject)
        .append(" ");
  }
  message.append(problem.detail.empty() ? kind.message : problem.detail);
  return error_body(form, envelope, {kind.status, kind.code, kind.name, message}, request_id);
}

std::string server_problem_body(const ProblemKind& kind, Envelope envelope, std::string_view request_id,
                                ErrorForm form) {
  return error_body(form, envelope, {kind.status, kind.code, kind.name, kind.message}, request_id);
}

}  // namespace tablegate::core
