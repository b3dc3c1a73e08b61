#include "model/format_rules.hpp"

#include <fmt/format.h>

#include <string_view>

#include "core/answer/format.hpp"
#include "core/text/ascii.hpp"

namespace tablegate::loader {

bool is_format_name(const ApiDefinition& api, const std::string& name) {
  return api.has_format_parameter() && core::same_in_any_case(core::kFormatParameter, name);
}

void check_formats(const ApiDefinition& api, const Place& place, Problems& problems) {
  if (api.answer_form() == "object" && api.formats != ApiDefinition().formats)
    problems.add(place, "/formats", "must be [\"json\"] with result object: it has no rows to list");
  if (api.csv_safe && !api.answers_in("csv")) problems.add(place, "/csv_safe", "requires \"csv\" in formats");
  const std::string reason =
      fmt::format("this name is the parameter that chooses between formats: {}", api.format_names());
  for (size_t i = 0; i < api.request_parameters.size(); ++i) {
    if (is_format_name(api, api.request_parameters[i].name))
      problems.add(place, "/request_parameters" + pointer_token(i) + "/name",
                   api.is_script() || api.request_parameters[i].column_given
                       ? reason
                       : fmt::format("{}; choose another one, with \"column\": \"{}\"", reason,
                                     api.request_parameters[i].column));
  }
  if (api.api_key_source && api.api_key_source->in == "query" &&
      is_format_name(api, api.api_key_source->name))
    problems.add(place, "/api_key_source/name", reason);
}

void check_format_version(const ApiDefinition& api, const Place& place, const core::VersionKey& key,
                          Problems& problems) {
  if (key.in != core::VersionKey::In::query || !is_format_name(api, key.name)) return;
  problems.add(place, "/formats",
               fmt::format("the REST API takes its version from the query parameter \"{}\", which is the "
                           "parameter that chooses between formats",
                           key.name));
}

}  // namespace tablegate::loader
