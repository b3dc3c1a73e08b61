// JSON of definitions: read whole into RapidJSON's tree (valid UTF-8 only) and
// written back compact. What RapidJSON reads and we do not want (members twice,
// 33 levels, numbers that are not kept exactly) is told by json_faults(). Not
// for requests: those go through core.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

using JsonDocument = rapidjson::Document;
using JsonValue = rapidjson::Value;

// Empty when `text` was read into `document`; else the reason with line and column.
std::string parse_json(std::string_view text, JsonDocument& document);

struct JsonFault {
  std::string pointer;  // below `pointer` of the call
  std::string reason;
};
std::vector<JsonFault> json_faults(const JsonValue& value, const std::string& pointer);

// Compact, members in their order.
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

// A string, number or truth value as the text that a caller would send; numbers in plain notation. False: it
// has none (then it is to be written as a string).
bool json_scalar_text(const JsonValue& value, std::string& text);

// One token of a JSON pointer with its escapes (RFC 6901 section 3), '/' before it.
std::string pointer_token(std::string_view name);
std::string pointer_token(size_t index);

}  // namespace tablegate::loader
