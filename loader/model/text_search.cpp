#include "model/text_search.hpp"

#include <algorithm>

namespace tablegate::loader {

bool has_text(const JsonValue& value, std::string_view text) {
  if (value.IsString()) return json_string(value).find(text) != std::string_view::npos;
  if (value.IsArray()) {
    return std::any_of(value.Begin(), value.End(),
                       [text](const JsonValue& one) { return has_text(one, text); });
  }
  if (!value.IsObject()) return json_text(value).find(text) != std::string::npos;
  return std::any_of(value.MemberBegin(), value.MemberEnd(), [text](const auto& member) {
    return has_text(member.name, text) || has_text(member.value, text);
  });
}

}  // namespace tablegate::loader
