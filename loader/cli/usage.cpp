// `tablegate usage`: who called what lately.
#include <memory>

#include "catalog/life/usage_report.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

void print_json(const std::vector<UsageSum>& sums) {
  JsonOutput json;
  json.begin_array();
  for (const UsageSum& sum : sums) {
    json.begin_object().key("gateway").text(sum.gateway).key("api").text(sum.api);
    json.key("consumer").text(sum.consumer).key("requests").number(sum.requests);
    json.key("last_call").text(sum.last_call).end_object();
  }
  json.end_array().print();
}

void usage(const Settings& settings, UsageQuestion question) {
  question.workspace = settings.workspace;
  question.gateway = settings.gateway;
  Database catalog = settings.open_catalog();
  const std::vector<UsageSum> sums = find_usage(catalog, question);
  if (settings.json) return print_json(sums);
  std::vector<std::vector<std::string>> table = {{"API", "CONSUMER", "GATEWAY", "REQUESTS", "LAST CALL"}};
  for (const UsageSum& sum : sums) {
    table.push_back({sum.api, sum.consumer.empty() ? "(open)" : sum.consumer, sum.gateway,
                     std::to_string(sum.requests), sum.last_call});
  }
  print_table(table);
}

}  // namespace

void add_usage(Verb& app, Settings& settings) {
  Verb* const verb =
      app.add_subcommand("usage", "Show who called what recently, as nodes report it with sync --status");
  const auto question = std::make_shared<UsageQuestion>();
  question->since = "24h";
  verb->add_option("--api", question->api, "only this API");
  verb->add_option("--consumer", question->consumer, "only this consumer");
  verb->add_option("--since", question->since, "how far back: 30m, 24h (default), 7d, or an ISO 8601 time")
      ->type_name("TIME");
  verb->footer(
      "Examples:\n"
      "  tablegate usage\n"
      "  tablegate usage --api 'Query User by User ID' --since 7d -o json");
  verb->callback([&settings, question] { usage(settings, *question); });
}

}  // namespace tablegate::loader
