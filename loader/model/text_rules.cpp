#include "model/text_rules.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.hpp"

namespace tablegate::loader {
namespace {

constexpr std::string_view kMayBeBlank[] = {"$schema", "description", "default", "sample", "value", "prefix"};

void find_blank(const JsonValue& value, const std::string& pointer, std::vector<std::string>& found) {
  if (value.IsString()) {
    if (json_string(value).find_first_not_of(" \t\r\n") == std::string_view::npos) found.push_back(pointer);
  } else if (value.IsArray()) {
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i)
      find_blank(value[i], pointer + pointer_token(size_t{i}), found);
  } else if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      const std::string_view name = json_string(member.name);
      if (std::find(std::begin(kMayBeBlank), std::end(kMayBeBlank), name) == std::end(kMayBeBlank))
        find_blank(member.value, pointer + pointer_token(name), found);
    }
  }
}

}  // namespace

void check_blank_texts(Definition& definition, Problems& problems) {
  std::vector<std::string> found;
  find_blank(definition.document, "", found);
  for (const std::string& pointer : found) {
    definition.broken = true;
    problems.add(definition.place, pointer, "is blank: leave it out, or give it a value");
  }
}

}  // namespace tablegate::loader
