// `tablegate audit`: who did what when, the oldest of what is shown first.
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "base/json_text.hpp"
#include "base/refusal.hpp"
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

void print_entries(const std::vector<AuditEntry>& entries) {
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

int prune_days(const std::string& text) {
  int days = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, days);
  if (error != std::errc() || unit + 1 != end || *unit != 'd' || days < kLeastAuditDays || days > 36500) {
    throw WrongUsage(fmt::format("--prune is a number of days, at least {}d", kLeastAuditDays),
                     Hint::again().set("--prune", "400d"));
  }
  return days;
}

void prune(const Settings& settings, const std::string& age) {
  const int days = prune_days(age);
  Database catalog = settings.open_catalog();
  const int64_t removed = prune_audit(catalog, days);
  if (settings.json) {
    JsonOutput json;
    return json.begin_object().key("removed").number(removed).end_object().print();
  }
  if (!settings.quiet) print_line(fmt::format("entries older than {} days: {} removed", days, removed));
}

struct AuditOptions {
  AuditQuestion question;
  std::optional<std::string> prune;
};

void audit(const Settings& settings, const AuditOptions& options) {
  if (options.prune) return prune(settings, *options.prune);
  AuditQuestion question = options.question;
  question.workspace = settings.workspace;
  Database catalog = settings.open_catalog();
  const std::vector<AuditEntry> entries = find_audit(catalog, question);
  if (settings.json) return print_entries(entries);
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
  const auto options = std::make_shared<AuditOptions>();
  AuditQuestion& question = options->question;
  const std::vector<Option*> filters = {
      verb->add_option("--since", question.since, "90s, 15m, 24h, 7d back from now, or an ISO 8601 time")
          ->type_name("TIME"),
      verb->add_option("--api", question.api, "only this API, also under its former names")->type_name("A"),
      verb->add_option("--user", question.user, "only this user, also as the one acted for")->type_name("U"),
      verb->add_option("--kind", question.kind, "Api, Table, Consumer, ..., Workspace or Setting")
          ->type_name("K"),
      verb->add_option("-n", question.limit, "the number of entries, the latest ones (default: 100)")
          ->type_name("N")
          ->check(between(1, 100000))};
  Option* const prune =
      verb->add_option("--prune", options->prune,
                       "remove older entries (400d; at least 30d), for operators; the audit records it");
  prune->type_name("DAYS");
  for (Option* const filter : filters) prune->excludes(filter);
  verb->footer(
      "Examples:\n"
      "  tablegate audit --since 24h\n"
      "  tablegate audit --api 'Query User by User ID' -n 20 -o json\n"
      "  tablegate audit --user alice --kind consumer\n"
      "  tablegate audit --prune 400d");
  verb->callback([&settings, options] { audit(settings, *options); });
}

}  // namespace tablegate::loader
