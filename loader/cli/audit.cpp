// `tablegate audit`: who did what when, the oldest of what is shown first.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "base/iso_time.hpp"
#include "base/json_text.hpp"
#include "base/refusal.hpp"
#include "catalog/lookup.hpp"
#include "cli/cli.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

struct AuditOptions {
  std::optional<std::string> since, api, user, kind, prune;
  int limit = 100;
};

// "90s", "15m", "24h", "7d" back from now, or a time; as SQL with the value as parameter $1.
std::pair<std::string, std::string> since_condition(const std::string& text) {
  const bool duration =
      text.size() >= 2 && text.size() <= 9 &&
      std::string_view("smhd").find(text.back()) != std::string_view::npos &&
      std::all_of(text.begin(), text.end() - 1, [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!duration) return {"at >= $1::timestamptz", read_iso_time(text, "--since")};
  const std::string unit = text.back() == 's'   ? " seconds"
                           : text.back() == 'm' ? " minutes"
                           : text.back() == 'h' ? " hours"
                                                : " days";
  return {"at >= now() - $1::interval", text.substr(0, text.size() - 1) + unit};
}

// As people type kinds: any case, singular or plural.
std::string squeezed(const std::string& word) {
  std::string out;
  for (const char c : word) {
    if (c != '-' && c != '_') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (out == "businessprocesses") return "businessprocess";
  if (out.size() > 1 && out.back() == 's' && out != "businessprocess") out.pop_back();
  return out;
}

Rows find_entries(Database& catalog, const Settings& settings, const AuditOptions& options) {
  const auto [since, moment] = options.since ? since_condition(*options.since)
                                             : std::pair<std::string, std::string>("$1::text = ''", "");
  return catalog.query(
      fmt::format(
          "SELECT * FROM (SELECT audit_id, to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), user_name, "
          "as_user, "
          "action, kind, name, workspace, details::text FROM tablegate.audit WHERE {}"
          " AND ($2::text IS NULL OR (kind = 'Api' AND name = $2) OR api_id IN (SELECT a.api_id FROM "
          "tablegate.api a"
          " WHERE a.name = $2)) AND ($3::text IS NULL OR user_name = $3 OR as_user = $3)"
          " AND ($4::text IS NULL OR lower(kind) = $4) AND ($5 = '' OR workspace IS NULL OR workspace = $5)"
          " ORDER BY audit_id DESC LIMIT $6) l ORDER BY audit_id",
          since),
      {moment, options.api, options.user, options.kind ? Parameter(squeezed(*options.kind)) : std::nullopt,
       settings.workspace, std::to_string(options.limit)});
}

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

constexpr int kLeastDays = 30;  // the catalog holds to it, too

int prune_days(const std::string& text) {
  int days = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, days);
  if (error != std::errc() || unit + 1 != end || *unit != 'd' || days < kLeastDays || days > 36500) {
    throw WrongUsage(fmt::format("--prune is a number of days, at least {}d", kLeastDays),
                     "tablegate audit --prune 400d");
  }
  return days;
}

void prune(const Settings& settings, const std::string& age) {
  const int days = prune_days(age);
  Database catalog = settings.open_catalog();
  const Rows rows = catalog.query("SELECT tablegate.prune_audit($1)", {std::to_string(days)});
  if (settings.json) {
    JsonOutput json;
    return json.begin_object().key("removed").number(rows.integer(0, 0)).end_object().print();
  }
  if (!settings.quiet)
    print_line(fmt::format("entries older than {} days: {} removed", days, rows.integer(0, 0)));
}

void audit(const Settings& settings, const AuditOptions& options) {
  if (options.prune) return prune(settings, *options.prune);
  Database catalog = settings.open_catalog();
  const Rows rows = find_entries(catalog, settings, options);
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (int i = 0; i < rows.size(); ++i) {
      json.begin_object();
      for (const auto& [name, column] : {std::pair{"at", 1},
                                         {"user", 2},
                                         {"as", 3},
                                         {"action", 4},
                                         {"kind", 5},
                                         {"name", 6},
                                         {"workspace", 7}}) {
        json.key(name);
        rows.null(i, column) ? json.null() : json.text(rows.text(i, column));
      }
      json.key("details").raw(rows.string(i, 8)).end_object();
    }
    return json.end_array().print();
  }
  std::vector<std::vector<std::string>> table = {{"AT", "USER", "ACTION", "KIND", "NAME", "DETAILS"}};
  for (int i = 0; i < rows.size(); ++i) {
    table.push_back(
        {rows.string(i, 1), rows.string(i, 2) + (rows.null(i, 3) ? "" : " as " + rows.string(i, 3)),
         rows.string(i, 4), rows.string(i, 5), rows.string(i, 6), detail_words(rows.string(i, 8))});
  }
  print_table(table);
}

}  // namespace

void add_audit(Verb& app, Settings& settings) {
  Verb* const verb = app.add_subcommand("audit", "Who did what when, the latest last");
  const auto options = std::make_shared<AuditOptions>();
  const std::vector<Option*> questions = {
      verb->add_option("--since", options->since, "90s, 15m, 24h, 7d back from now, or an ISO 8601 time")
          ->type_name("TIME"),
      verb->add_option("--api", options->api, "what concerns this API, under older names too")
          ->type_name("A"),
      verb->add_option("--user", options->user, "by or in the name of this user")->type_name("U"),
      verb->add_option("--kind", options->kind, "Api, Table, Consumer, ..., Workspace or Setting")
          ->type_name("K"),
      verb->add_option("-n", options->limit, "at most so many, the latest (100)")
          ->type_name("N")
          ->check(between(1, 100000))};
  Option* const prune =
      verb->add_option("--prune", options->prune,
                       "remove what is older (400d; at least 30d), for operators; the audit tells it");
  prune->type_name("DAYS");
  for (Option* const question : questions) prune->excludes(question);
  verb->footer(
      "Examples:\n"
      "  tablegate audit --since 24h\n"
      "  tablegate audit --api 'Query User by User ID' -n 20 -o json\n"
      "  tablegate audit --user alice --kind consumer\n"
      "  tablegate audit --prune 400d");
  verb->callback([&settings, options] { audit(settings, *options); });
}

}  // namespace tablegate::loader
