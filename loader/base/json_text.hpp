// JSON of definitions: read completely into RapidJSON's tree (valid UTF-8 only)
// and written compactly. json_faults() reports what RapidJSON accepts but a
// definition must not have: repeated members, more than 32 levels, numbers that
// are not exact. Requests are not read with this, but by core.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text_position.hpp"

namespace tablegate::loader {

using JsonDocument = rapidjson::Document;
using JsonValue = rapidjson::Value;

// Empty when `text` was read into `document`.
TextFault parse_json(std::string_view text, JsonDocument& document);

constexpr int kMaxDepth = 32;  // of a definition

struct JsonFault {
  std::string pointer;  // below `pointer` of the call
  std::string reason;
};
std::vector<JsonFault> json_faults(const JsonValue& value, const std::string& pointer);

// Compact; members keep their order.
std::string json_text(const JsonValue& value);
// With line breaks, indented by two blanks.
std::string pretty_json_text(const JsonValue& value);

// The string of a member, or `otherwise` where there is none.
std::string json_member(const JsonValue& object, const char* name, std::string_view otherwise = {});
// The member, or null.
const JsonValue* json_find(const JsonValue& object, const char* name);

inline std::string_view json_string(const JsonValue& value) {
  return {value.GetString(), value.GetStringLength()};
}

// A string, number or boolean as the text that a caller would send; numbers without exponent. False: there is
// no such text, and it must be written as a string.
bool json_scalar_text(const JsonValue& value, std::string& text);

// One token of a JSON pointer, escaped (RFC 6901 section 3), with '/' before it.
std::string pointer_token(std::string_view name);
std::string pointer_token(size_t index);

}  // namespace tablegate::loader
