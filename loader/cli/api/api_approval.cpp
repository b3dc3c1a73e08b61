// `tablegate api submit|approve|reject`.
#include <fmt/format.h>

#include "catalog/life/approval.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {

void api_step(const Settings& settings, const ApiOptions& options, const std::string& step) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  const StepRequest request{step, options.version, options.message, options.as_user};
  // All of the command or none.
  Transaction transaction(catalog);
  std::vector<StepOutcome> outcomes;
  outcomes.reserve(apis.size());
  for (const ApiRow& api : apis) outcomes.push_back(take_step(catalog, api, request));
  transaction.commit();
  JsonOutput json;
  if (!options.single()) json.begin_array();
  for (size_t i = 0; i < apis.size(); ++i) {
    json.begin_object().key("name").text(apis[i].name).key("version").number(outcomes[i].version);
    json.key("status").text(outcomes[i].status).end_object();
    if (!settings.silent())
      print_line(fmt::format("{}: version {}, {}", apis[i].name, outcomes[i].version, outcomes[i].status));
  }
  if (!options.single()) json.end_array();
  if (settings.json) json.print();
}

}  // namespace tablegate::loader
