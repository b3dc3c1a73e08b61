#include "model/api_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "model/stored_json.hpp"

namespace tablegate::loader {

std::vector<const TableInfo*> ApiSource::read_tables() const {
  std::vector<const TableInfo*> all;
  for (const TableInfo& table : tables) all.push_back(&table);
  if (all.empty()) all.push_back(this);
  return all;
}

const TableInfo* ApiSource::find_table(const std::string& table) const {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const TableInfo& one) { return one.name == table; });
  return found == tables.end() ? nullptr : &*found;
}

ApiSource script_source(std::vector<TableInfo> tables) {
  ApiSource source;
  const bool same = !tables.empty() && std::all_of(tables.begin(), tables.end(), [&](const TableInfo& one) {
    return one.time_zone == tables.front().time_zone;
  });
  if (same) source.time_zone = tables.front().time_zone;
  source.tables = std::move(tables);
  return source;
}

std::string api_source_text(const ApiSource& source) {
  if (source.tables.empty()) return table_source(source);
  std::string tables;
  for (const TableInfo& table : source.tables) tables += (tables.empty() ? "" : ",") + table_source(table);
  const JsonValue zone(rapidjson::StringRef(source.time_zone.data(),
                                            static_cast<rapidjson::SizeType>(source.time_zone.size())));
  return fmt::format(R"({{"time_zone":{},"columns":{},"tables":[{}]}})", json_text(zone),
                     columns_text(source.columns), tables);
}

ApiSource read_api_source(const std::string& text, const std::string& what) {
  ApiSource source = read_table_source(text, what);
  const JsonDocument document = stored_object(text, what);
  const JsonValue* const tables = json_find(document, "tables");
  if (tables == nullptr || !tables->IsArray()) return source;
  for (const JsonValue& table : tables->GetArray())
    source.tables.push_back(read_table_source(json_text(table), what));
  return source;
}

std::vector<ResponseParameter> response_of(const ApiDefinition& api, const TableInfo& source) {
  if (!api.is_script() || api.response_parameters_given) return api.response_parameters;
  std::vector<ResponseParameter> response;
  for (const TableColumn& column : source.columns) {
    ResponseParameter& one = response.emplace_back();
    one.name = one.column = column.name;
  }
  return response;
}

}  // namespace tablegate::loader
