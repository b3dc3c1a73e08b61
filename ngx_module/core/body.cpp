#include "core/body.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace tablegate::core {

namespace {

constexpr size_t kMaxDepth = 16;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_in_any_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
         });
}

// RapidJSON's events into the members of the outermost object. Names are kept for each open object until it
// closes: a name twice would let two readers see two values.
class Handler {
 public:
  using Ch = char;
  using SizeType = rapidjson::SizeType;

  explicit Handler(Arena& arena) : arena_(arena) {}

  bool Null() { return value(JsonMember::Kind::null, {}); }
  bool Bool(bool truth) { return value(JsonMember::Kind::truth, truth ? "true" : "false"); }
  bool RawNumber(const char* text, SizeType size, bool) {
    return value(JsonMember::Kind::number, {text, size});
  }
  bool String(const char* text, SizeType size, bool) { return value(JsonMember::Kind::text, {text, size}); }
  bool Key(const char* text, SizeType size, bool) {
    names_.emplace_back(text, size);
    return true;
  }
  bool StartObject() { return open(true); }
  bool EndObject(SizeType) {
    const size_t first = objects_.back();
    std::sort(names_.begin() + static_cast<std::ptrdiff_t>(first), names_.end());
    for (size_t i = first + 1; i < names_.size(); ++i) {
      if (names_[i] == names_[i - 1]) return refuse("has a member twice");
    }
    names_.resize(first);
    objects_.pop_back();
    --depth_;
    return true;
  }
  bool StartArray() { return open(false); }
  bool EndArray(SizeType) {
    --depth_;
    return true;
  }
  // Numbers come as RawNumber() (kParseNumbersAsStringsFlag).
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  std::string_view reason() const { return reason_; }
  const std::vector<JsonMember>& members() const { return members_; }

 private:
  bool refuse(std::string_view reason) {
    reason_ = reason;
    return false;
  }

  bool open(bool object) {
    if (depth_ == 0 && !object) return refuse("must be a JSON object");
    if (depth_ == kMaxDepth) return refuse("is nested too deeply");
    if (depth_ == 1 && !value(JsonMember::Kind::compound, {})) return false;
    ++depth_;
    if (object) objects_.push_back(names_.size());
    return true;
  }

  // A value; only those of the outermost object are kept.
  bool value(JsonMember::Kind kind, std::string_view text) {
    if (depth_ == 0) return refuse("must be a JSON object");
    if (depth_ > 1) return true;
    JsonMember member;
    member.kind = kind;
    const char* name = arena_.copy(names_.back());
    const char* copy = arena_.copy(text);
    if (name == nullptr || copy == nullptr) return refuse("does not fit into memory");
    member.name = {name, names_.back().size()};
    member.value = {copy, text.size()};
    members_.push_back(member);
    return true;
  }

  Arena& arena_;
  std::vector<std::string> names_;
  std::vector<size_t> objects_;  // of each open object: its first name
  size_t depth_ = 0;
  std::vector<JsonMember> members_;
  std::string_view reason_;
};

std::string_view reason_of(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorStringInvalidEncoding:
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "is not valid UTF-8 JSON text";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "has bytes after the JSON object";
    case rapidjson::kParseErrorNumberTooBig:
      return "has a number whose exponent is too large";
    default:
      return "is no valid JSON";
  }
}

}  // namespace

Body::Kind body_kind(std::string_view content_type, std::string_view bytes) {
  if (bytes.empty()) return Body::Kind::none;
  const std::string_view media = trimmed(content_type.substr(0, content_type.find(';')));
  if (same_in_any_case(media, "application/x-www-form-urlencoded")) return Body::Kind::form;
  if (same_in_any_case(media, "application/json")) return Body::Kind::json;
  return Body::Kind::other;
}

const JsonMember* JsonObject::find(std::string_view name) const {
  for (size_t i = 0; i < count; ++i) {
    if (members[i].name == name) return &members[i];
  }
  return nullptr;
}

Problem parse_json_object(std::string_view bytes, Arena& arena, JsonObject& out) {
  out = {};
  // RapidJSON takes a NUL for the end of the text.
  if (bytes.find('\0') != std::string_view::npos) return {Slug::invalid_body, "body", "is no valid JSON", {}};
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream memory(bytes.data(), bytes.size());
  rapidjson::Reader reader;
  Handler handler(arena);
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(memory, handler);
  if (parsed.IsError()) {
    const bool ours = parsed.Code() == rapidjson::kParseErrorTermination && !handler.reason().empty();
    return {Slug::invalid_body, "body", ours ? handler.reason() : reason_of(parsed.Code())};
  }
  const size_t size = handler.members().size() * sizeof(JsonMember);
  auto* members = static_cast<JsonMember*>(arena.allocate(size));
  if (members == nullptr) return {Slug::internal_error, {}, {}};
  if (size != 0) std::memcpy(members, handler.members().data(), size);
  out = {members, handler.members().size()};
  return {};
}

}  // namespace tablegate::core
