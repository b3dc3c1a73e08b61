// A request's body: what kind it is, and the members of a JSON object. A form is
// read like a query string (parameters.hpp); a JSON object is parsed once, by
// RapidJSON's SAX reader with numbers as the texts they are, so that no value
// passes through a double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.hpp"
#include "core/problem.hpp"

namespace tablegate::core {

struct JsonMember {
  enum class Kind : uint8_t { text, number, truth, null, compound };
  std::string_view name;   // decoded
  std::string_view value;  // decoded text, the number as written, "true" or "false"; NUL-terminated
  Kind kind = Kind::null;
};

// A body that was read whole. `bytes` lives as long as the request.
struct Body {
  enum class Kind : uint8_t { none, form, json, other };
  Kind kind = Kind::none;
  std::string_view bytes;
};

// What a body is by its media type (before ';', any case). One of no bytes is none, whatever its type says.
Body::Kind body_kind(std::string_view content_type, std::string_view bytes);

// The members of the body's JSON object. Lives in the arena.
struct JsonObject {
  const JsonMember* members = nullptr;
  size_t count = 0;

  // Null: no such member.
  const JsonMember* find(std::string_view name) const;
};

// Strict RFC 8259: one object and nothing after it, valid UTF-8, no member twice at any depth, nesting at
// most
// 16. Slug::invalid_body says what is wrong, never with the body's bytes.
Problem parse_json_object(std::string_view bytes, Arena& arena, JsonObject& out);

}  // namespace tablegate::core
