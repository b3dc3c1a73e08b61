#include "model/stored_json.hpp"

#include <fmt/format.h>

#include "base/refusal.hpp"

namespace tablegate::loader {

JsonDocument stored_object(std::string_view text, const std::string& what) {
  JsonDocument document;
  const TextFault fault = parse_json(text, document);
  if (fault.empty() && document.IsObject()) return document;
  throw SystemFailure(
      fmt::format("{} is damaged in the catalog: {}", what, fault.empty() ? "not an object" : fault.text()));
}

std::vector<std::string> json_names(const JsonValue* list) {
  std::vector<std::string> names;
  if (list == nullptr || !list->IsArray()) return names;
  for (const JsonValue& item : list->GetArray()) {
    if (item.IsString()) names.emplace_back(json_string(item));
  }
  return names;
}

bool json_truth(const JsonValue& object, const char* name, bool otherwise) {
  const JsonValue* const value = json_find(object, name);
  return value != nullptr && value->IsBool() ? value->GetBool() : otherwise;
}

}  // namespace tablegate::loader
