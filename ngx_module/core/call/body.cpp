#include "core/call/body.hpp"

#include "core/text/ascii.hpp"

namespace tablegate::core {

Body::Kind body_kind(std::string_view content_type, std::string_view bytes) {
  if (bytes.empty()) return Body::Kind::none;
  const std::string_view media = trimmed(content_type.substr(0, content_type.find(';')));
  if (same_in_any_case(media, "application/x-www-form-urlencoded")) return Body::Kind::form;
  if (same_in_any_case(media, "application/json")) return Body::Kind::json;
  return Body::Kind::other;
}

Problem parse_json_body(std::string_view bytes, Arena& arena, FlatObject& out) {
  char* text = arena.copy(bytes);  // it is read in place
  if (text == nullptr) return {Slug::internal_error, {}, {}, "no_memory"};
  const FlatResult result = read_flat_object(text, bytes.size(), arena, out);
  switch (result) {
    case FlatResult::read:
      return {};
    case FlatResult::no_object:
    case FlatResult::refused:
      break;
    case FlatResult::duplicate:
      return {Slug::invalid_body, "body", "has a member twice"};
    case FlatResult::too_deep:
      return {Slug::invalid_body, "body", "is nested too deeply"};
    case FlatResult::number_too_large:
      return {Slug::invalid_body, "body", "has a number beyond 1e308: send it as a string"};
    case FlatResult::no_memory:
      return {Slug::internal_error, {}, {}, "no_memory"};
  }
  Problem problem = {Slug::invalid_body, "body", "must be one JSON object (RFC 8259) and nothing else"};
  problem.understood = result == FlatResult::no_object;
  return problem;
}

}  // namespace tablegate::core
