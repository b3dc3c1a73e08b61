#include "catalog/life/version_plan.hpp"

#include <fmt/format.h>

#include "base/refusal.hpp"

namespace tablegate::loader {

VersionPlan read_version_plan(Database& catalog, const ApiRow& api, const std::optional<int>& version) {
  const Rows rows = catalog.query(
      "SELECT version, definition::text, plan::text FROM tablegate.api_version WHERE api_id = $1"
      " AND version = coalesce($2::integer, version) ORDER BY version DESC LIMIT 1",
      {api.id, version ? Parameter(std::to_string(*version)) : std::nullopt});
  if (rows.empty()) {
    if (version)
      throw Refused(fmt::format("API \"{}\" has no version {}", api.name, *version),
                    Hint::command({"api", "versions", api.name}));
    throw Refused(fmt::format("API \"{}\" has no version yet, so it has no plan", api.name),
                  Hint::command({"api", "commit", api.name}));
  }
  VersionPlan plan;
  plan.api = api.name;
  plan.version = static_cast<int>(rows.integer(0, 0));
  const std::string what = fmt::format("version {} of API \"{}\"", plan.version, api.name);
  plan.definition = read_api_definition(rows.string(0, 1), what);
  plan.definition.name = api.name;
  if (rows.null(0, 2)) {
    throw Refused(fmt::format("{} has no plan: the mirror could not be asked when it was committed", what),
                  Hint::command({"api", "versions", api.name}));
  }
  plan.paths = read_path_plans(rows.string(0, 2), what);
  return plan;
}

}  // namespace tablegate::loader
