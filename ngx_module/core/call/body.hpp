// A request's body: what kind it is, and the members of a JSON object. A form is
// read like a query string (parameters.hpp); a JSON object is parsed once, with
// numbers as the texts they are, so that no value passes through a double.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/text/flat_json.hpp"

namespace tablegate::core {

// A body that was read whole. `bytes` lives as long as the request.
struct Body {
  enum class Kind : uint8_t { none, form, json, other };
  Kind kind = Kind::none;
  std::string_view bytes;
};

// What a body is by its media type (before ';', any case). One of no bytes is none, whatever its type says.
Body::Kind body_kind(std::string_view content_type, std::string_view bytes);

// The members of the body's JSON object, strictly (flat_json.hpp). They live in the arena. Slug::invalid_body
// says what is wrong, never with the body's bytes.
Problem parse_json_body(std::string_view bytes, Arena& arena, FlatObject& out);

}  // namespace tablegate::core
