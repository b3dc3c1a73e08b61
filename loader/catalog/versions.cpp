#include "catalog/versions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/json_text.hpp"

namespace tablegate::loader {
namespace {

StoredVersion stored(const Rows& rows, int row) {
  return {static_cast<int>(rows.integer(row, 0)), rows.string(row, 1), rows.string(row, 2),
          rows.string(row, 3)};
}

constexpr const char* kQuery =
    "SELECT version, status, definition::text, source::text FROM tablegate.api_version WHERE api_id = $1";

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

}  // namespace

std::string StoredVersion::label() const {
  return version == 0 ? "the draft" : fmt::format("version {}", version);
}

StoredVersion read_version(Database& catalog, const ApiRow& api, int version) {
  const Rows rows =
      catalog.query(std::string(kQuery) + " AND version = $2", {api.id, std::to_string(version)});
  if (!rows.empty()) return stored(rows, 0);
  throw Refused(fmt::format("API \"{}\" has no version {}", api.name, version),
                fmt::format("tablegate api versions \"{}\"", api.name));
}

std::optional<StoredVersion> latest_version(Database& catalog, const ApiRow& api) {
  const Rows rows = catalog.query(
      std::string(kQuery) + " AND status <> 'Rejected' ORDER BY version DESC LIMIT 1", {api.id});
  return rows.empty() ? std::nullopt : std::optional(stored(rows, 0));
}

void refuse_breaks(const ApiRow& api, const StoredVersion& before, const StoredVersion& after,
                   const std::string& verb) {
  const std::vector<ContractBreak> breaks = contract_breaks(before.contract(), after.contract());
  if (breaks.empty()) return;
  std::string message =
      fmt::format("API \"{}\": {} breaks callers of {}:", api.name, after.label(), before.label());
  for (const ContractBreak& one : breaks) message += "\n  " + one.text();
  throw Refused(message, fmt::format("tablegate api {} \"{}\" --breaking, when every caller is ready for it",
                                     verb, api.name));
}

std::vector<FieldChange> changed_fields(const StoredVersion& from, const StoredVersion& to) {
  Difference difference;
  for (const auto& [field, before, after] :
       {std::tuple{"", &from.definition, &to.definition}, {"/source", &from.source, &to.source}}) {
    JsonDocument one, other;
    if (!parse_json(*before, one).empty() || !parse_json(*after, other).empty())
      throw SystemFailure("a version is damaged in the catalog");
    difference.compare(field, &one, &other);
  }
  return difference.take();
}

}  // namespace tablegate::loader
