// `tablegate api diff|rename`.
#include <fmt/format.h>

#include <charconv>

#include "catalog/life/drafts.hpp"
#include "catalog/life/renaming.hpp"
#include "catalog/life/served_api.hpp"
#include "catalog/life/versions.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"
#include "cli/served.hpp"
#include "compile/api_sql.hpp"

namespace tablegate::loader {
namespace {

// "2" or "draft".
StoredVersion find_side(Database& catalog, const ApiRow& api, const std::string& word) {
  if (word == "draft") return {0, "", api.definition, find_draft(catalog, api).source};
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size() || number < 1)
    throw WrongUsage(fmt::format("\"{}\" is neither the number of a version nor draft", word),
                     Hint::command({"api", "versions", api.name}));
  return read_version(catalog, api, number);
}

std::string statement_of(const ApiRow& api, const StoredVersion& side) {
  ApiEntry entry = draft_entry(api, {});
  ContractSide read = side.contract();
  entry.definition = std::move(read.definition);
  entry.source = std::move(read.source);
  entry.name = api.name;
  return whole_statement(entry);
}

struct ApiDifference {
  StoredVersion from, to;
  std::vector<FieldChange> fields;
  std::string from_sql, to_sql;
  std::vector<ContractBreak> breaks;
};

void write_side(JsonOutput& json, const char* name, const StoredVersion& side) {
  json.key(name);
  side.version == 0 ? json.text("draft") : json.number(side.version);
}

void write_difference(const std::string& name, const ApiDifference& difference) {
  JsonOutput json;
  const auto value = [&json](const char* key, const std::string& text) {
    json.key(key);
    text.empty() ? json.null() : json.raw(text);
  };
  json.begin_object().key("name").text(name);
  write_side(json, "from", difference.from);
  write_side(json, "to", difference.to);
  json.key("changes").begin_array();
  for (const FieldChange& change : difference.fields) {
    json.begin_object().key("field").text(change.field);
    value("from", change.from);
    value("to", change.to);
    json.end_object();
  }
  json.end_array().key("sql");
  if (difference.from_sql == difference.to_sql) {
    json.null();
  } else {
    json.begin_object().key("from").text(difference.from_sql).key("to").text(difference.to_sql).end_object();
  }
  json.key("breaking").begin_array();
  for (const ContractBreak& one : difference.breaks) json.text(one.text());
  json.end_array().end_object().print();
}

void print_text(const ApiDifference& difference) {
  if (difference.fields.empty()) return print_line("no difference");
  for (const FieldChange& change : difference.fields) {
    if (!change.from.empty()) print_line(fmt::format("- {}: {}", change.field, change.from));
    if (!change.to.empty()) print_line(fmt::format("+ {}: {}", change.field, change.to));
  }
  if (difference.breaks.empty()) print_line("breaks no caller");
  for (const ContractBreak& one : difference.breaks) print_line("breaking: " + one.text());
  if (difference.from_sql == difference.to_sql) return;
  print_line("- SQL: " + difference.from_sql);
  print_line("+ SQL: " + difference.to_sql);
}

}  // namespace

void api_diff(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const ApiRow api =
      find_apis(catalog, find_workspace(catalog, settings.workspace), {options.name}, {}).front();
  ApiDifference difference;
  difference.from = find_side(catalog, api, options.from);
  difference.to = find_side(catalog, api, options.to);
  difference.fields = changed_fields(difference.from, difference.to);
  difference.from_sql = statement_of(api, difference.from);
  difference.to_sql = statement_of(api, difference.to);
  difference.breaks = contract_breaks(difference.from.contract(), difference.to.contract());
  settings.json ? write_difference(api.name, difference) : print_text(difference);
}

void api_rename(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const Workspace workspace = find_workspace(catalog, settings.workspace);
  const bool done = rename_api(catalog, workspace, options.name, options.new_name);
  if (settings.json) {
    print_action(options.new_name, done ? "renamed" : "unchanged");
  } else if (!settings.quiet) {
    print_line(done ? fmt::format("{}: now {}", options.name, options.new_name) : "unchanged");
  }
  const std::vector<std::string> gateways = gateways_of(catalog, workspace, options.new_name);
  if (settings.wait || (done && !gateways.empty())) report_served(settings, catalog, gateways);
}

}  // namespace tablegate::loader
