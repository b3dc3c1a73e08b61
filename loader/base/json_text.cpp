#include "base/json_text.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>

#include <cmath>
#include <set>

#include "base/json_output.hpp"

namespace tablegate::loader {
namespace {

// Above this a double may not be exactly one decimal number.
constexpr double kMaxPlainDouble = 1e15;

void find_faults(const JsonValue& value, const std::string& pointer, int depth,
                 std::vector<JsonFault>& faults) {
  if (depth > kMaxDepth) {
    faults.push_back({pointer, fmt::format("nested deeper than {} levels", kMaxDepth)});
  } else if (value.IsObject()) {
    std::set<std::string_view> names;
    for (const auto& member : value.GetObject()) {
      const std::string_view name = json_string(member.name);
      const std::string here = pointer + pointer_token(name);
      if (!names.insert(name).second) faults.push_back({here, "is repeated"});
      find_faults(member.value, here, depth + 1, faults);
    }
  } else if (value.IsArray()) {
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      find_faults(value[i], pointer + pointer_token(size_t{i}), depth + 1, faults);
    }
  } else if (value.IsString() && json_string(value).find('\0') != std::string_view::npos) {
    faults.push_back({pointer, "holds a NUL character"});
  } else if (value.IsDouble() && std::abs(value.GetDouble()) >= kMaxPlainDouble) {
    faults.push_back({pointer, "a number of this size is not kept exactly: write it as a string"});
  }
}

}  // namespace

TextFault parse_json(std::string_view text, JsonDocument& document) {
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseFullPrecisionFlag;
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos)
    return {text_position(text, nul), "not JSON: a NUL byte"};
  const std::string whole(text);  // NUL-terminated, as StringStream requires
  document.Parse<kFlags>(whole.c_str());
  if (!document.HasParseError()) return {};
  std::string_view reason = rapidjson::GetParseError_En(document.GetParseError());
  if (!reason.empty() && reason.back() == '.') reason.remove_suffix(1);
  return {text_position(text, document.GetErrorOffset()), fmt::format("not JSON: {}", reason)};
}

std::vector<JsonFault> json_faults(const JsonValue& value, const std::string& pointer) {
  std::vector<JsonFault> faults;
  find_faults(value, pointer, 0, faults);
  return faults;
}

std::string json_text(const JsonValue& value) {
  return JsonOutput().tree(value).take();
}

std::string pretty_json_text(const JsonValue& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

const JsonValue* json_find(const JsonValue& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto member = object.FindMember(name);
  return member == object.MemberEnd() ? nullptr : &member->value;
}

std::string json_member(const JsonValue& object, const char* name, std::string_view otherwise) {
  const JsonValue* const value = json_find(object, name);
  return std::string(value != nullptr && value->IsString() ? json_string(*value) : otherwise);
}

bool json_scalar_text(const JsonValue& value, std::string& text) {
  if (value.IsString()) {
    text = json_string(value);
  } else if (value.IsBool()) {
    text = value.GetBool() ? "true" : "false";
  } else if (value.IsInt64() || value.IsUint64()) {
    text = json_text(value);
  } else if (value.IsDouble()) {
    text = json_text(value);
    return text.find_first_of("eE") == std::string::npos;
  } else {
    return false;
  }
  return true;
}

std::string pointer_token(std::string_view name) {
  std::string token = "/";
  for (const char c : name) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::string pointer_token(size_t index) {
  return fmt::format("/{}", index);
}

}  // namespace tablegate::loader
