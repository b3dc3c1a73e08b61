#include "catalog/definition_diff.hpp"

#include <algorithm>

#include "catalog/json_text.hpp"
#include "catalog/refusal.hpp"

namespace tablegate::loader {
namespace {

class Differ {
 public:
  void compare(const JsonValue* before, const JsonValue* after, const std::string& pointer) {
    if (before != nullptr && after != nullptr) {
      if (*before == *after) return;
      if (before->IsObject() && after->IsObject()) return objects(*before, *after, pointer);
      if (before->IsArray() && after->IsArray()) return arrays(*before, *after, pointer);
    }
    FieldChange change{pointer, {}, {}};
    if (before != nullptr) change.before = json_text(*before);
    if (after != nullptr) change.after = json_text(*after);
    changes_.push_back(std::move(change));
  }
  std::vector<FieldChange> take() { return std::move(changes_); }

 private:
  void objects(const JsonValue& before, const JsonValue& after, const std::string& pointer) {
    for (const auto& member : after.GetObject()) {
      const std::string name(json_string(member.name));
      compare(json_find(before, name.c_str()), &member.value, pointer + pointer_token(name));
    }
    for (const auto& member : before.GetObject()) {
      const std::string name(json_string(member.name));
      if (json_find(after, name.c_str()) == nullptr)
        compare(&member.value, nullptr, pointer + pointer_token(name));
    }
  }

  void arrays(const JsonValue& before, const JsonValue& after, const std::string& pointer) {
    const auto item = [](const JsonValue& list, rapidjson::SizeType place) {
      return place < list.Size() ? &list[place] : nullptr;
    };
    for (rapidjson::SizeType i = 0; i < std::max(before.Size(), after.Size()); ++i)
      compare(item(before, i), item(after, i), pointer + pointer_token(size_t{i}));
  }

  std::vector<FieldChange> changes_;
};

void parse(const std::string& text, JsonDocument& document) {
  if (text.empty()) {
    document.SetObject();
  } else if (!parse_json(text, document).empty() || !document.IsObject()) {
    throw SystemFailure("a definition in the catalog is damaged");
  }
  document.RemoveMember("kind");
  document.RemoveMember("name");
}

}  // namespace

std::vector<FieldChange> diff_definitions(const std::string& before, const std::string& after) {
  JsonDocument left, right;
  parse(before, left);
  parse(after, right);
  Differ differ;
  differ.compare(&left, &right, "");
  return differ.take();
}

}  // namespace tablegate::loader
