#include "core/plan/statement.hpp"

namespace tablegate::core {

namespace {

bool present(const Parameter& parameter, uint64_t mask) {
  return parameter.optional_bit < 0 || (mask >> parameter.optional_bit & 1U) != 0;
}

// The SELECT with each table's relation of now in its place.
std::string select_text(const Api& api, const TableGenerations* generations) {
  if (generations == nullptr || !generations->reads_pointer(api)) return api.select;
  std::string sql;
  size_t done = 0;
  for (const TableUse& use : api.tables) {
    const TableGeneration& table = generations->all()[use.table];
    sql.append(api.select, done, use.at - done);
    done = use.at;
    if (table.relation.empty()) continue;
    sql.append(mirror_relation(table.relation));
    done += mirror_relation(generations->name(use.table)).size();
  }
  return sql.append(api.select, done, std::string::npos);
}

}  // namespace

std::string statement_sql(const Api& api, uint64_t mask, const TableGenerations* generations) {
  std::string sql = select_text(api, generations);
  int placeholder = 0;
  for (const Parameter& parameter : api.parameters) {
    if (!present(parameter, mask)) continue;
    sql.append(placeholder == 0 ? " WHERE " : " AND ");
    sql.append(parameter.condition_before).append("$").append(std::to_string(++placeholder));
    sql.append(parameter.condition_after);
  }
  sql.append(api.tail);
  sql.append(" LIMIT ").append(std::to_string(api.result == ResultShape::object ? 1 : api.max_records));
  return sql;
}

std::vector<uint32_t> statement_types(const Api& api, uint64_t mask) {
  std::vector<uint32_t> types;
  for (const Parameter& parameter : api.parameters) {
    if (present(parameter, mask)) types.push_back(column_type_oid(parameter.column_type));
  }
  return types;
}

std::string mirror_relation(std::string_view name) {
  return "\"mirror\"." + quote_identifier(name);
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace tablegate::core
