// `tablegate usage`: who called what lately.
#include <fmt/format.h>

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

std::string why_empty(Database& catalog, const UsageQuestion& question) {
  if (is_usage_reported(catalog, question.gateway))
    return fmt::format("no such calls were reported since {}", question.since);
  const std::string gateway = question.gateway.empty() ? "" : " of " + question.gateway;
  return fmt::format(
      "no node{} has reported calls yet: sync reports them when it runs with --status URL, the URL of a "
      "location with tablegate_status, for example --status http://127.0.0.1/status",
      gateway);
}

void usage(const Settings& settings, UsageQuestion question) {
  question.workspace = settings.workspace;
  question.gateway = settings.gateway;
  Database catalog = settings.open_catalog();
  const std::vector<UsageSum> sums = find_usage(catalog, question);
  if (settings.json) return print_json(sums);
  if (sums.empty()) return print_line(why_empty(catalog, question));
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
