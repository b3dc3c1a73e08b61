#include "model/source_rules.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "model/name_rules.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {
namespace {

struct SourceField {
  const char* name;
  const char* type;  // of the data source that has it
  bool required;
};

constexpr SourceField kFields[] = {
    {"path", "csv", false},           {"dsn", "postgresql", true},
    {"endpoint", "maxcompute", true}, {"project", "maxcompute", true},
    {"schema", "maxcompute", false},  {"tunnel_endpoint", "maxcompute", false},
    {"region", "maxcompute", false},  {"quota", "maxcompute", false},
};

// They become parts of a URL and of a query.
std::string bad_part(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return good ? "" : "must be 1 to 128 of A-Za-z0-9_-";
}

}  // namespace

std::string bad_source_dsn(const std::string& dsn) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (dsn.empty() || options == nullptr)
    return "is not a connection string (host=... dbname=..., or postgresql://host/dbname)";
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (std::strcmp(option->keyword, "password") == 0 || std::strcmp(option->keyword, "sslpassword") == 0)
      return fmt::format("holds a {}, which belongs into PGPASSFILE, ~/.pgpass or PGPASSWORD",
                         option->keyword);
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> data_source_faults(const JsonValue& data_source) {
  std::vector<std::pair<std::string, std::string>> faults;
  const std::string type = read_data_source_definition(data_source).type;
  for (const SourceField& field : kFields) {
    const JsonValue* const value = json_find(data_source, field.name);
    const std::string pointer = pointer_token(std::string_view(field.name));
    if (value == nullptr) {
      if (field.required && type == field.type)
        faults.emplace_back("", fmt::format("\"{}\" is missing: type {} requires it", field.name, type));
      continue;
    }
    if (type != field.type) {
      faults.emplace_back(pointer, fmt::format("is for type {}, not for {}", field.type, type));
    } else if (type == "maxcompute") {
      const bool url = pointer == "/endpoint" || pointer == "/tunnel_endpoint";
      // A base URL has no user: credentials are never in definitions.
      std::string reason = url ? bad_base_url(json_string(*value)) : bad_part(json_string(*value));
      if (!reason.empty()) faults.emplace_back(pointer, std::move(reason));
    } else if (type == "postgresql") {
      std::string reason = bad_source_dsn(std::string(json_string(*value)));
      if (!reason.empty()) faults.emplace_back(pointer, std::move(reason));
    }
  }
  return faults;
}

}  // namespace tablegate::loader
