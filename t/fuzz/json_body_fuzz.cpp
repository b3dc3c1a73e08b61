// JSON bodies, with jansson as the second reader. What core accepts, jansson
// accepts with the same members, except numbers that exceed a double, which
// core keeps as text. What jansson accepts (without duplicates), core accepts,
// except what is not an object, has more than 16 levels or holds a NUL
// anywhere.
// object, has more than 16 levels or holds a NUL anywhere.
#include <jansson.h>

#include <algorithm>
#include <cstdint>

#include "core/call/body.hpp"
#include "core/manifest/manifest_object.hpp"
#include "core/text/utf8.hpp"
#include "fuzzing.hpp"

using namespace tablegate::core;

namespace {

bool holds_nul(const json_t* value) {
  if (json_is_string(value))
    return std::memchr(json_string_value(value), '\0', json_string_length(value)) != nullptr;
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); ++i) {
      if (holds_nul(json_array_get(value, i))) return true;
    }
  }
  const char* name = nullptr;
  json_t* member = nullptr;
  json_object_foreach(const_cast<json_t*>(value), name, member) {
    if (holds_nul(member)) return true;
  }
  return false;
}

unsigned depth_of(const json_t* value) {
  unsigned deepest = 0;
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); ++i)
      deepest = std::max(deepest, depth_of(json_array_get(value, i)));
  }
  const char* name = nullptr;
  json_t* member = nullptr;
  json_object_foreach(const_cast<json_t*>(value), name, member) deepest = std::max(deepest, depth_of(member));
  return deepest + (json_is_array(value) || json_is_object(value) ? 1 : 0);
}

// RFC 8259 section 6.
bool is_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&text, &at] {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.' && (++at, digits() == 0)) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

void check_member(const FlatMember& member, const json_t* value) {
  using Kind = FlatMember::Kind;
  INVARIANT(value != nullptr && valid_text(member.name) && valid_text(member.text));
  INVARIANT(json_is_null(value) == (member.kind == Kind::null));
  INVARIANT(json_is_boolean(value) == (member.kind == Kind::truth));
  INVARIANT(json_is_number(value) == (member.kind == Kind::number));
  INVARIANT(json_is_string(value) == (member.kind == Kind::text));
  INVARIANT(json_is_object(value) == (member.kind == Kind::object));
  INVARIANT(json_is_array(value) == (member.kind == Kind::list || member.kind == Kind::strings));
  if (json_is_string(value))
    INVARIANT(member.text == std::string_view(json_string_value(value), json_string_length(value)));
  if (json_is_boolean(value)) INVARIANT(member.text == (json_is_true(value) ? "true" : "false"));
  if (json_is_number(value)) {
    INVARIANT(is_number(member.text));
    INVARIANT(std::strtod(std::string(member.text).c_str(), nullptr) == json_number_value(value));
  }
}

// RapidJSON rejects an exponent of three digits or more that a double cannot have, also after a zero
// (`0e999`), which jansson accepts.
bool has_large_exponent(std::string_view text) {
  for (size_t at = text.find_first_of("eE"); at != std::string_view::npos;
       at = text.find_first_of("eE", at + 1)) {
    size_t digit = at + 1;
    if (digit < text.size() && (text[digit] == '+' || text[digit] == '-')) ++digit;
    size_t count = 0;
    while (digit + count < text.size() && text[digit + count] >= '0' && text[digit + count] <= '9') ++count;
    if (count >= 3) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  BlockArena arena;
  FlatObject object;
  const Problem problem = parse_json_body(text, arena, object);
  if (problem) {
    INVARIANT(problem.slug == Slug::invalid_body && problem.subject == "body" && !problem.detail.empty());
    INVARIANT(object.count == 0);
  }
  json_error_t error;
  const JsonPtr json(json_loadb(text.data(), text.size(),
                                JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error));
  if (!json) {
    // The only text that jansson alone rejects.
    INVARIANT(problem || json_error_code(&error) == json_error_numeric_overflow);
    return 0;
  }
  const bool nul = text.find('\0') != std::string_view::npos;  // jansson loses one after a number
  const bool taken =
      json_is_object(json.get()) && depth_of(json.get()) <= kMaxJsonDepth && !nul && !holds_nul(json.get());
  INVARIANT(problem ? !taken || has_large_exponent(text) : taken);
  if (problem) return 0;
  size_t own = 0;
  for (size_t i = 0; i < object.count; ++i) {
    const FlatMember& member = object.members[i];
    if (member.object != 0 || member.element) continue;
    ++own;
    INVARIANT(object.find(member.name) == &member);
    check_member(member, json_object_getn(json.get(), member.name.data(), member.name.size()));
  }
  INVARIANT(own == json_object_size(json.get()));
  return 0;
}
