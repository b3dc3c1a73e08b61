// `tablegate audit`: who did what when, the oldest of what is shown first.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/json_text.hpp"
#include "catalog/audit.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

// {"version": 2, "gateway": "g"} as "version 2, gateway g".
std::string detail_words(const std::string& details) {
  JsonDocument document;
  std::string words;
  if (!parse_json(details, document).empty() || !document.IsObject()) return words;
  for (const auto& member : document.GetObject()) {
    const std::string value =
        member.value.IsString() ? std::string(json_string(member.value)) : json_text(member.value);
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", json_string(member.name), value);
  }
  return words;
}

void print_json(const std::vector<AuditEntry>& entries) {
  JsonOutput json;
  json.begin_array();
  for (const AuditEntry& entry : entries) {
    json.begin_object().key("at").text(entry.at).key("user").text(entry.user);
    json.key("as").text(entry.as_user);
    json.key("action").text(entry.action).key("kind").text(entry.kind).key("name").text(entry.name);
    json.key("workspace").text(entry.workspace);
    json.key("details").raw(entry.details).end_object();
  }
  json.end_array().print();
}

void audit(const Settings& settings, AuditQuestion question) {
  question.workspace = settings.workspace;
  Database catalog = settings.open_catalog();
  const std::vector<AuditEntry> entries = find_audit(catalog, question);
  if (settings.json) return print_json(entries);
  std::vector<std::vector<std::string>> table = {{"AT", "USER", "ACTION", "KIND", "NAME", "DETAILS"}};
  for (const AuditEntry& entry : entries) {
    table.push_back({entry.at, entry.user + (entry.as_user ? " as " + *entry.as_user : ""), entry.action,
                     entry.kind, entry.name, detail_words(entry.details)});
  }
  print_table(table);
}

}  // namespace

void add_audit(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("audit", "Show who did what and when, the latest last");
  const auto options = std::make_shared<AuditQuestion>();
  verb->add_option("--since", options->since, "90s, 15m, 24h, 7d back from now, or an ISO 8601 time")
      ->type_name("TIME");
  verb->add_option("--api", options->api, "only this API, also under its former names")->type_name("A");
  verb->add_option("--user", options->user, "only this user, also as the one acted for")->type_name("U");
  verb->add_option("--kind", options->kind, "Api, Table, Consumer, ..., Workspace or Setting")
      ->type_name("K");
  verb->add_option("-n", options->limit, "the number of entries, the latest ones (default: 100)")
      ->type_name("N")
      ->check(between(1, 100000));
  verb->footer(
      "Examples:\n"
      "  tablegate audit --since 24h\n"
      "  tablegate audit --api 'Query User by User ID' -n 20 -o json\n"
      "  tablegate audit --user alice --kind consumer");
  verb->callback([&settings, options] { audit(settings, *options); });
}

}  // namespace tablegate::loader
