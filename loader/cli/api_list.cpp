// `tablegate api list|versions|show`: what there is, where it is served, and how
// to call it.
#include <fmt/format.h>

#include "catalog/api_rules.hpp"
#include "catalog/drafts.hpp"
#include "cli/api_curl.hpp"
#include "cli/api_request.hpp"
#include "cli/api_verbs.hpp"
#include "cli/output.hpp"

namespace tablegate::loader {
namespace {

struct ListedApi {
  ApiRow row;
  bool changed = true;  // against the latest version
  bool tested = false;
  int version = 0;
  std::string status;
  std::vector<std::pair<std::string, std::string>> published;  // gateway, version
  std::string url;
};

ListedApi listed(Database& catalog, const ApiRow& row, const std::string& gateway) {
  ListedApi api;
  api.row = row;
  const Draft draft = find_draft(catalog, row);
  api.tested = draft.tested;
  const Rows latest = catalog.query(
      "SELECT version, status, draft_digest = $2::bytea FROM tablegate.api_version WHERE api_id = $1 ORDER "
      "BY version DESC LIMIT 1",
      {row.id, "\\x" + draft.digest});
  if (!latest.empty()) {
    api.version = static_cast<int>(latest.integer(0, 0));
    api.status = latest.string(0, 1);
    api.changed = !latest.boolean(0, 2);
  }
  const Rows where = catalog.query(
      "SELECT gateway, version FROM tablegate.published_api WHERE api_id = $1 ORDER BY gateway", {row.id});
  for (int i = 0; i < where.size(); ++i) api.published.emplace_back(where.string(i, 0), where.string(i, 1));
  const ServedApi served = find_served(catalog, row, gateway);
  const std::string host = served.version == 0      ? ""
                           : served.domains.empty() ? served.address
                                                    : served.domains.front();
  JsonDocument definition;
  parse_json(served.definition, definition);
  api.url = host + join_path(served.base_path, json_member(definition, "path"));
  return api;
}

std::string draft_words(const ListedApi& api) {
  if (!api.changed) return "committed";
  return api.tested ? "changed, tested" : "changed, not tested";
}

void write_json(JsonOutput& json, const ListedApi& api) {
  json.begin_object().key("name").text(api.row.name).key("business_process").text(api.row.business_process);
  json.key("method").text(api.row.method()).key("url").text(api.url);
  json.key("changed").boolean(api.changed).key("tested").boolean(api.tested).key("version");
  api.version == 0 ? json.null() : json.number(api.version);
  json.key("status");
  api.version == 0 ? json.null() : json.text(api.status);
  json.key("published").begin_array();
  for (const auto& [gateway, version] : api.published) {
    json.begin_object().key("gateway").text(gateway).key("version").raw(version).end_object();
  }
  json.end_array().end_object();
}

ApiRow one_api(Database& catalog, const Settings& settings, const ApiOptions& options) {
  return find_apis(catalog, find_workspace(catalog, settings.workspace), {options.name}, {}).front();
}

// "API key, JWT, HMAC"; "open to all" where the list is empty.
std::string authentication_words(const JsonValue& list) {
  std::string words;
  for (const JsonValue& type : list.GetArray()) {
    const std::string_view name = json_string(type);
    words += (words.empty() ? "authentication: " : " or ") + std::string(name == "api_key" ? "API key"
                                                                         : name == "jwt"   ? "JWT"
                                                                                           : "HMAC");
  }
  return words.empty() ? "open to all" : words;
}

void show_parameters(const JsonValue& definition) {
  std::vector<std::vector<std::string>> table = {
      {"PARAMETER", "TYPE", "IN", "REQUIRED", "DEFAULT", "SAMPLE", "DESCRIPTION"}};
  const JsonValue* const list = json_find(definition, "request_parameters");
  for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i) {
    const JsonValue& parameter = (*list)[i];
    const JsonValue* const required = json_find(parameter, "required");
    const auto scalar = [&](const char* field) {
      std::string text;
      const JsonValue* const value = json_find(parameter, field);
      return value != nullptr && json_scalar_text(*value, text) ? text : std::string("-");
    };
    table.push_back({json_member(parameter, "name"), json_member(parameter, "type"),
                     json_member(parameter, "in", default_place(definition)),
                     required != nullptr && required->IsFalse() ? "no" : "yes", scalar("default"),
                     scalar("sample"), json_member(parameter, "description")});
  }
  print_table(table);
  print_line("");
  table = {{"RETURNS", "COLUMN", "DESCRIPTION"}};
  for (const JsonValue& parameter : json_find(definition, "response_parameters")->GetArray()) {
    table.push_back({json_member(parameter, "name"),
                     json_member(parameter, "column", json_member(parameter, "name")),
                     json_member(parameter, "description")});
  }
  print_table(table);
}

}  // namespace

void api_list(const Settings& settings, bool pending) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> rows = find_apis(catalog, find_workspace(catalog, settings.workspace), {}, {});
  JsonOutput json;
  json.begin_array();
  std::vector<std::vector<std::string>> table = {{"NAME", "METHOD", "URL", "DRAFT", "LATEST", "PUBLISHED"}};
  for (const ApiRow& row : rows) {
    const ListedApi api = listed(catalog, row, settings.gateway);
    if (pending && api.status.rfind("Pending", 0) != 0) continue;
    write_json(json, api);
    std::string published;
    for (const auto& [gateway, version] : api.published)
      published += (published.empty() ? "" : ", ") + fmt::format("{}: {}", gateway, version);
    table.push_back({row.name, row.method(), api.url, draft_words(api),
                     api.version == 0 ? "-" : fmt::format("{} {}", api.version, api.status),
                     published.empty() ? "-" : published});
  }
  settings.json ? json.end_array().print() : print_table(table);
}

void api_versions(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const ApiRow api = one_api(catalog, settings, options);
  const Rows rows = catalog.query(
      "SELECT v.version, v.status, v.message, v.author, to_char(v.committed_at, "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
      " coalesce((SELECT json_agg(p.gateway ORDER BY p.gateway) FROM tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND p.version = v.version), '[]')::text,"
      " coalesce((SELECT string_agg(p.gateway, ', ' ORDER BY p.gateway) FROM tablegate.published_api p"
      "   WHERE p.api_id = v.api_id AND p.version = v.version), '-')"
      " FROM tablegate.api_version v WHERE v.api_id = $1 ORDER BY v.version",
      {api.id});
  if (settings.json) {
    JsonOutput json;
    json.begin_array();
    for (int i = 0; i < rows.size(); ++i) {
      json.begin_object()
          .key("version")
          .number(rows.integer(i, 0))
          .key("status")
          .text(rows.text(i, 1))
          .key("message")
          .text(rows.text(i, 2));
      json.key("author")
          .text(rows.text(i, 3))
          .key("committed_at")
          .text(rows.text(i, 4))
          .key("published_on")
          .raw(rows.string(i, 5))
          .end_object();
    }
    return json.end_array().print();
  }
  if (rows.empty()) return print_line(fmt::format("{}: no version yet", api.name));
  std::vector<std::vector<std::string>> table = {
      {"VERSION", "STATUS", "AUTHOR", "COMMITTED", "PUBLISHED ON", "MESSAGE"}};
  for (int i = 0; i < rows.size(); ++i) {
    table.push_back({rows.string(i, 0), rows.string(i, 1), rows.string(i, 3), rows.string(i, 4),
                     rows.string(i, 6), rows.string(i, 2)});
  }
  print_table(table);
}

void api_show(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const ApiRow row = one_api(catalog, settings, options);
  const ServedApi served = find_served(catalog, row, settings.gateway);
  JsonDocument definition;
  parse_json(served.definition, definition);
  std::vector<std::pair<std::string, std::string>> curls;
  try {
    curls = curl_commands(served, make_request(served, {}));
  } catch (const Refused&) {
    // A required parameter without a sample: there is no ready line.
  }
  const std::string path = join_path(served.base_path, json_member(definition, "path"));
  const std::string method = json_member(definition, "method", "GET");
  const std::vector<std::string> hosts = !served.domains.empty()  ? served.domains
                                         : served.address.empty() ? std::vector<std::string>{}
                                                                  : std::vector<std::string>{served.address};
  if (settings.json) {
    JsonOutput json;
    json.begin_object().key("name").text(row.name).key("version");
    served.version == 0 ? json.null() : json.number(served.version);
    json.key("gateway");
    served.version == 0 ? json.null() : json.text(served.gateway);
    json.key("method").text(method).key("path").text(path).key("urls").begin_array();
    for (const std::string& host : hosts) json.text(host + path);
    json.end_array().key("authentication").raw(json_text(*json_find(definition, "authentication")));
    json.key("curl");
    curls.empty() ? json.null() : json.text(curls.front().second);
    json.key("curls").begin_object();
    for (const auto& [type, command] : curls) json.key(type.empty() ? "open" : type).text(command);
    json.end_object();
    return json.key("definition").raw(served.definition).end_object().print();
  }
  print_line(served.version == 0
                 ? fmt::format("{} (draft, not published)", row.name)
                 : fmt::format("{} (version {} on {})", row.name, served.version, served.gateway));
  if (const std::string text = json_member(definition, "description"); !text.empty()) print_line(text);
  print_line("");
  for (const std::string& host : hosts) print_line(fmt::format("{} {}{}", method, host, path));
  if (hosts.empty()) print_line(fmt::format("{} {}", method, path));
  const JsonValue* const authentication = json_find(definition, "authentication");
  print_line(authentication_words(*authentication) + "\n");
  show_parameters(definition);
  for (const auto& [type, command] : curls) print_line("\n" + command);
  if (curls.empty()) print_line("\n(no ready curl line: a required parameter has no sample)");
}

}  // namespace tablegate::loader
