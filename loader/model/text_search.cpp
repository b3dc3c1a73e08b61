#include "model/text_search.hpp"

#include <algorithm>

namespace tablegate::loader {

bool contains_text(const JsonValue& value, std::string_view text) {
  if (value.IsString()) return json_string(value).find(text) != std::string_view::npos;
  if (value.IsArray()) {
    return std::any_of(value.Begin(), value.End(),
                       [text](const JsonValue& one) { return contains_text(one, text); });
  }
  if (!value.IsObject()) return json_text(value).find(text) != std::string::npos;
  return std::any_of(value.MemberBegin(), value.MemberEnd(), [text](const auto& member) {
    return contains_text(member.name, text) || contains_text(member.value, text);
  });
}

}  // namespace tablegate::loader
