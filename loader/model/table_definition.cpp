#include "model/table_definition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/refusal.hpp"
#include "model/stored_json.hpp"

namespace tablegate::loader {
namespace {

// MaxCompute's projects are there unless they say otherwise.
constexpr const char* kMaxComputeTimeZone = "Asia/Shanghai";

std::vector<TableColumn> columns_of(const JsonValue& list) {
  std::vector<TableColumn> columns;
  for (const JsonValue& item : list.GetArray()) {
    TableColumn column;
    column.name = json_member(item, "name");
    column.type = core::parse_column_type(json_member(item, "type")).value_or(core::ColumnType::text);
    column.sql_type = json_member(item, "sql_type");
    column.not_null = json_truth(item, "not_null", false);
    columns.push_back(std::move(column));
  }
  return columns;
}

std::optional<std::string> given(const JsonValue& definition, const char* name) {
  if (json_find(definition, name) == nullptr) return std::nullopt;
  return json_member(definition, name);
}

}  // namespace

DataSourceDefinition read_data_source_definition(const JsonValue& definition) {
  const auto text = [&](const char* name) { return json_member(definition, name); };
  return {text("name"),     text("type"),    text("path"),   text("dsn"),
          text("endpoint"), text("project"), text("schema"), text("tunnel_endpoint"),
          text("region"),   text("quota")};
}

DataSourceDefinition read_data_source_definition(const std::string& text, const std::string& what) {
  return read_data_source_definition(stored_object(text, what));
}

std::string TableDefinition::zone(const std::string& source_type) const {
  return time_zone.value_or(source_type == "maxcompute" ? kMaxComputeTimeZone : kDefaultTimeZone);
}

TableDefinition read_table_definition(const JsonValue& definition) {
  TableDefinition table;
  table.name = json_member(definition, "name");
  table.data_source = json_member(definition, "data_source");
  table.source_table = json_member(definition, "source_table", table.name);
  table.source_table_given = json_find(definition, "source_table") != nullptr;
  table.source_query = given(definition, "source_query");
  table.ddl = given(definition, "ddl");
  table.ddl_file = given(definition, "ddl_file");
  if (const JsonValue* const key = json_find(definition, "primary_key")) table.primary_key = json_names(key);
  if (const JsonValue* const indexes = json_find(definition, "indexes");
      indexes != nullptr && indexes->IsArray()) {
    for (const JsonValue& index : indexes->GetArray()) table.indexes.push_back(json_names(&index));
  }
  if (const JsonValue* const partition = json_find(definition, "partition")) {
    table.partitions_listed = partition->IsArray();
    table.partitions = partition->IsString() ? std::vector<std::string>{std::string(json_string(*partition))}
                                             : json_names(partition);
  }
  table.time_zone = given(definition, "time_zone");
  table.swap = json_member(definition, "swap", table.swap);
  if (const JsonValue* const refresh = json_find(definition, "refresh")) {
    table.refresh = refresh->IsString() ? Refresh{std::string(json_string(*refresh)), "", true}
                                        : Refresh{json_member(*refresh, "schedule"),
                                                  json_member(*refresh, "time_zone"), false};
  }
  return table;
}

TableDefinition read_table_definition(const std::string& text, const std::string& what) {
  return read_table_definition(stored_object(text, what));
}

const TableColumn* TableInfo::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const TableColumn& one) { return one.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

std::string table_source(const TableInfo& table) {
  const auto text = [](const std::string& value) {
    return json_text(
        JsonValue(rapidjson::StringRef(value.data(), static_cast<rapidjson::SizeType>(value.size()))));
  };
  return fmt::format(R"({{"table":{},"time_zone":{},"primary_key":{},"columns":{}}})", text(table.name),
                     text(table.time_zone), names_text(table.primary_key), columns_text(table.columns));
}

TableInfo read_table_source(const std::string& text, const std::string& what) {
  const JsonDocument source = stored_object(text, what);
  const JsonValue* const columns = json_find(source, "columns");
  if (columns == nullptr || !columns->IsArray())
    throw SystemFailure(fmt::format("{} is damaged in the catalog: it has no columns", what));
  TableInfo table;
  table.name = json_member(source, "table");
  table.time_zone = json_member(source, "time_zone", table.time_zone);
  table.primary_key = json_names(json_find(source, "primary_key"));
  table.columns = columns_of(*columns);
  return table;
}

std::string columns_text(const std::vector<TableColumn>& columns) {
  JsonDocument list(rapidjson::kArrayType);
  auto& allocator = list.GetAllocator();
  const auto text = [&](std::string_view value) {
    return JsonValue(value.data(), static_cast<rapidjson::SizeType>(value.size()), allocator);
  };
  for (const TableColumn& column : columns) {
    JsonValue item(rapidjson::kObjectType);
    item.AddMember("name", text(column.name), allocator);
    item.AddMember("type", text(core::column_type_name(column.type)), allocator);
    item.AddMember("sql_type", text(column.sql_type), allocator);
    item.AddMember("not_null", column.not_null, allocator);
    list.PushBack(item, allocator);
  }
  return json_text(list);
}

std::vector<TableColumn> read_columns(const std::string& text) {
  JsonDocument list;
  if (!parse_json(text, list).empty() || !list.IsArray())
    throw SystemFailure("the catalog's columns cannot be read");
  return columns_of(list);
}

std::string names_text(const std::vector<std::string>& names) {
  JsonDocument list(rapidjson::kArrayType);
  for (const std::string& name : names) {
    list.PushBack(JsonValue(name.c_str(), static_cast<rapidjson::SizeType>(name.size()), list.GetAllocator()),
                  list.GetAllocator());
  }
  return json_text(list);
}

std::vector<std::string> read_names(const std::string& text) {
  JsonDocument list;
  return parse_json(text, list).empty() ? json_names(&list) : std::vector<std::string>();
}

}  // namespace tablegate::loader
