// A request's body: its kind, and the members of a JSON object. A form is read
// like a query string (parameters.hpp); a JSON object is parsed once and its
// numbers stay text, so that no value is rounded to a double.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/answer/problem.hpp"
#include "core/arena.hpp"
#include "core/text/flat_json.hpp"

namespace tablegate::core {

// A body that was read completely. `bytes` lives as long as the request.
struct Body {
  enum class Kind : uint8_t { none, form, json, other };
  Kind kind = Kind::none;
  std::string_view bytes;
};

// The kind of a body by its media type (before ';', any case). An empty body has kind none, whatever its
// type.
Body::Kind body_kind(std::string_view content_type, std::string_view bytes);

// The members of the body's JSON object, read strictly (flat_json.hpp), in the arena. Slug::invalid_body says
// what is wrong and never holds bytes of the body.
Problem parse_json_body(std::string_view bytes, Arena& arena, FlatObject& out);

}  // namespace tablegate::core
