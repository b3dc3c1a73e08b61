#include "model/definition_diff.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {
namespace {

// Lists of parameters and columns.
bool is_named_list(const JsonValue& value) {
  return value.IsArray() && std::all_of(value.Begin(), value.End(), [](const JsonValue& item) {
           return item.IsObject() && !json_member(item, "name").empty();
         });
}

const JsonValue* find_item(const JsonValue& list, const std::string& name) {
  const auto found = std::find_if(list.Begin(), list.End(),
                                  [&](const JsonValue& item) { return json_member(item, "name") == name; });
  return found == list.End() ? nullptr : found;
}

class Difference {
 public:
  std::vector<FieldChange> take() { return std::move(changes_); }

  void compare(const std::string& field, const JsonValue* from, const JsonValue* to) {
    if (from != nullptr && to != nullptr) {
      if (from->IsObject() && to->IsObject()) return members(field, *from, *to);
      if (is_named_list(*from) && is_named_list(*to)) return items(field, *from, *to);
      if (*from == *to) return;
    }
    if (from == nullptr && to == nullptr) return;
    changes_.push_back({field, from == nullptr ? std::string() : json_text(*from),
                        to == nullptr ? std::string() : json_text(*to)});
  }

 private:
  void members(const std::string& field, const JsonValue& from, const JsonValue& to) {
    for (const auto& member : from.GetObject()) {
      const char* const name = member.name.GetString();
      compare(field + pointer_token(std::string_view(name)), &member.value, json_find(to, name));
    }
    for (const auto& member : to.GetObject()) {
      const char* const name = member.name.GetString();
      if (json_find(from, name) == nullptr)
        compare(field + pointer_token(std::string_view(name)), nullptr, &member.value);
    }
  }

  void items(const std::string& field, const JsonValue& from, const JsonValue& to) {
    std::vector<std::string> order, new_order;  // of those that both have
    for (const JsonValue& item : from.GetArray()) {
      const std::string name = json_member(item, "name");
      const JsonValue* const other = find_item(to, name);
      if (other != nullptr) order.push_back(name);
      compare(field + pointer_token(std::string_view(name)), &item, other);
    }
    for (const JsonValue& item : to.GetArray()) {
      const std::string name = json_member(item, "name");
      if (find_item(from, name) != nullptr) {
        new_order.push_back(name);
      } else {
        compare(field + pointer_token(std::string_view(name)), nullptr, &item);
      }
    }
    if (order != new_order) changes_.push_back({field, names_text(order), names_text(new_order)});
  }

  std::vector<FieldChange> changes_;
};

void parse(const std::string& text, JsonDocument& document) {
  if (text.empty()) {
    document.SetObject();
  } else if (!parse_json(text, document).empty() || !document.IsObject()) {
    throw SystemFailure("a definition is damaged in the catalog");
  }
}

}  // namespace

std::vector<FieldChange> json_changes(const std::string& field, const std::string& from,
                                      const std::string& to) {
  JsonDocument one, other;
  parse(from, one);
  parse(to, other);
  Difference difference;
  difference.compare(field, &one, &other);
  return difference.take();
}

std::vector<FieldChange> diff_definitions(const std::string& from, const std::string& to) {
  JsonDocument one, other;
  parse(from, one);
  parse(to, other);
  for (JsonDocument* const document : {&one, &other}) {
    document->RemoveMember("kind");
    document->RemoveMember("name");
  }
  Difference difference;
  difference.compare("", &one, &other);
  return difference.take();
}

}  // namespace tablegate::loader
