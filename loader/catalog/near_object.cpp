#include "catalog/near_object.hpp"

#include <fmt/format.h>

#include "base/near_name.hpp"

namespace tablegate::loader {
namespace {

// The table of the catalog with the names of a kind.
const char* table_of(Kind kind) {
  switch (kind) {
    case Kind::domain:
      return "domain";
    case Kind::gateway_instance:
      return "gateway_instance";
    case Kind::rest_api:
      return "rest_api";
    case Kind::data_source:
      return "data_source";
    case Kind::business_process:
      return "business_process";
    case Kind::table:
      return "mirror_table";
    case Kind::api:
      return "api";
    case Kind::consumer:
      break;
  }
  return "consumer";
}

}  // namespace

std::string near_object(Database& catalog, Kind kind, const std::string& name, const Workspace* workspace) {
  // Names of about this length only: a catalog may have 100,000.
  std::string sql =
      fmt::format("SELECT DISTINCT name FROM tablegate.{} WHERE abs(length(name) - length($1)) <= 2{}",
                  table_of(kind), kind == Kind::api ? " AND deleted_at IS NULL" : "");
  std::vector<Parameter> parameters = {name};
  if (workspace != nullptr) {
    sql += fmt::format(" AND (workspace_id = $2{})", kind == Kind::data_source ? " OR shared" : "");
    parameters.emplace_back(workspace->id);
  }
  return did_you_mean(name, first_column(catalog.query(sql + " ORDER BY name", parameters)));
}

std::string missing_object(Database& catalog, Kind kind, const std::string& name,
                           const Workspace* workspace) {
  return fmt::format("there is no {} \"{}\"{}{}", kind_info(kind).label, name,
                     workspace == nullptr ? "" : " in workspace " + workspace->name,
                     near_object(catalog, kind, name, workspace));
}

}  // namespace tablegate::loader
