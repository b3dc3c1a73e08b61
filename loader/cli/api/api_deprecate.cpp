// `tablegate api deprecate`: tells callers when a published API ends.
#include <fmt/format.h>

#include <memory>

#include "base/iso_time.hpp"
#include "catalog/life/deprecation.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/served.hpp"

namespace tablegate::loader {

void add_api_deprecate(Verb& noun, Settings& settings, const std::shared_ptr<ApiOptions>& options) {
  Verb* const verb = noun.add_subcommand(
      "deprecate", "Announce the end of a published API (headers Deprecation and Sunset)");
  verb->add_option("NAME", options->names, "APIs");
  verb->add_option("--business-process", options->business_process, "all APIs of this business process")
      ->type_name("P");
  const auto request = std::make_shared<DeprecationRequest>();
  Option* const sunset = verb->add_option("--sunset", request->sunset,
                                          "when the API ends, in ISO 8601 (a date alone: midnight UTC)")
                             ->type_name("DATE");
  Option* const since =
      verb->add_option("--since", request->since, "since when it is deprecated (default: now)")
          ->type_name("DATE");
  verb->add_flag("--undo", request->undo, "withdraw the announcement")->excludes(sunset)->excludes(since);
  add_wait(*verb, settings);
  verb->footer(
      "Examples:\n"
      "  tablegate api deprecate 'Query User by User ID' --sunset 2027-06-30\n"
      "  tablegate api deprecate 'Query User by User ID' --undo");
  verb->callback([&settings, options, request] {
    if (request->undo == !request->sunset.empty())
      throw WrongUsage("api deprecate requires --sunset DATE or --undo",
                       Hint::command({"api", "deprecate", "--help"}));
    DeprecationRequest asked = *request;
    if (!asked.undo) asked.sunset = read_iso_time(asked.sunset, "--sunset");
    if (!asked.since.empty()) asked.since = read_iso_time(asked.since, "--since");
    Database catalog = settings.open_catalog();
    const std::vector<ApiRow> apis = chosen_apis(catalog, settings, *options);
    asked.gateway = find_gateway(catalog, settings.gateway);
    report_publications(settings, *options, deprecate_apis(catalog, apis, asked), asked.gateway);
    report_served(settings, catalog, {asked.gateway});
  });
}

}  // namespace tablegate::loader
