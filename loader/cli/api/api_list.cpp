// `tablegate api list|versions|show`: what there is, where it is served, and how
// to call it.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/life/draft_states.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/served_api.hpp"
#include "catalog/life/versions.hpp"
#include "cli/api/api_curl.hpp"
#include "cli/api/api_parameters.hpp"
#include "cli/api/api_request.hpp"
#include "cli/api/api_verbs.hpp"
#include "cli/output.hpp"
#include "model/text_search.hpp"

namespace tablegate::loader {
namespace {

struct ListedApi {
  ApiRow row;
  DraftState state;
  std::vector<Served> published;
  std::string method;  // of the draft
  std::string url;
};

std::vector<ListedApi> listed(Database& catalog, std::vector<ApiRow> rows, const std::string& gateway) {
  std::vector<DraftState> states = read_draft_states(catalog, rows);
  std::vector<std::vector<Served>> published = served_everywhere(catalog, rows);
  const std::vector<ServedApi> all = find_served(catalog, rows, gateway);
  std::vector<ListedApi> apis;
  apis.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const ServedApi& served = all[i];
    ListedApi& api = apis.emplace_back();
    const std::string host = served.version == 0      ? ""
                             : served.domains.empty() ? served.address
                                                      : served.domains.front();
    api.method = rows[i].draft().method;
    api.url = host + join_path(served.base_path, served.definition.path) + version_query(served.version_key);
    api.row = std::move(rows[i]);
    api.state = std::move(states[i]);
    api.published = std::move(published[i]);
  }
  return apis;
}

std::string draft_words(const ListedApi& api) {
  if (!api.state.changed) return "committed";
  return api.state.tested ? "changed, tested" : "changed, not tested";
}

void write_canary(JsonOutput& json, const std::optional<Canary>& canary) {
  json.key("canary");
  if (!canary) return (void)json.null();
  json.begin_object()
      .key("version")
      .number(canary->version)
      .key("weight")
      .number(canary->weight)
      .end_object();
}

void write_deprecation(JsonOutput& json, const std::optional<Deprecation>& deprecation) {
  json.key("deprecated");
  if (!deprecation) return (void)json.null();
  json.begin_object()
      .key("since")
      .text(deprecation->since)
      .key("sunset")
      .text(deprecation->sunset)
      .end_object();
}

// "prod: 1, 2 for 10 %, until 2027-06-30T00:00:00Z"
std::string served_words(const Served& served) {
  std::string words = fmt::format("{}: {}", served.gateway, served.version);
  if (served.canary) words += fmt::format(", {} for {} %", served.canary->version, served.canary->weight);
  if (served.deprecation) words += ", until " + served.deprecation->sunset;
  return words;
}

void write_json(JsonOutput& json, const ListedApi& api) {
  json.begin_object().key("name").text(api.row.name).key("business_process").text(api.row.business_process);
  json.key("method").text(api.method).key("url").text(api.url);
  json.key("changed").boolean(api.state.changed).key("tested").boolean(api.state.tested).key("version");
  api.state.latest == 0 ? json.null() : json.number(api.state.latest);
  json.key("status").text_or_null(api.state.status);
  json.key("published").begin_array();
  for (const Served& served : api.published) {
    json.begin_object().key("gateway").text(served.gateway).key("version").number(served.version);
    write_canary(json, served.canary);
    write_deprecation(json, served.deprecation);
    json.end_object();
  }
  json.end_array().end_object();
}

// "authentication: API key or JWT or HMAC"; "open to all" where the list is empty.
std::string authentication_words(const ApiDefinition& definition) {
  std::string words;
  for (const std::string& name : definition.authentication) {
    words += words.empty() ? "authentication: " : " or ";
    words += name == "api_key" ? "API key" : name == "jwt" ? "JWT" : "HMAC";
  }
  return words.empty() ? "open to all" : words;
}

std::string cursor_words(const ApiDefinition& definition, PageCursors cursors) {
  if (cursors == PageCursors::some) return ", cursor";
  if (cursors == PageCursors::untested) return "; whether there are cursors is known after `api test`";
  return definition.is_script() ? "; no cursors: only pageNum continues them"
                                : "; no cursors: the rows have no total order";
}

// "answer: object", "answer: list, by age desc, envelope dataworks", "answer: page of 10 rows, ..."
std::string answer_words(const ApiDefinition& definition, PageCursors cursors) {
  const bool plain = definition.envelope == ApiDefinition().envelope;
  std::string words = "answer: " + definition.answer_form();
  if (definition.paginates()) {
    words += fmt::format(" of {} rows, pageSize at most {} (pageNum, pageSize, returnTotalNum{})",
                         definition.pagination->default_size, definition.pagination->max_size,
                         cursor_words(definition, cursors));
  }
  if (!definition.order_by.empty()) words += ", by " + order_words(definition.order_by);
  return words + (plain ? "" : ", envelope " + definition.envelope);
}

void write_versions(JsonOutput& json, const std::vector<VersionSummary>& versions) {
  json.begin_array();
  for (const VersionSummary& version : versions) {
    json.begin_object().key("version").number(version.version).key("status").text(version.status);
    json.key("message").text(version.message).key("author").text(version.author);
    json.key("committed_at").text(version.committed_at);
    json.key("published_on").raw(version.published_on);
    json.key("allow_scan").raw(version.allow_scan).end_object();
  }
  json.end_array();
}

void print_versions(const ApiRow& api, const std::vector<VersionSummary>& versions) {
  if (versions.empty()) return print_line(fmt::format("{}: no version yet", api.name));
  std::vector<std::vector<std::string>> table = {
      {"VERSION", "STATUS", "AUTHOR", "COMMITTED", "PUBLISHED ON", "MESSAGE"}};
  for (const VersionSummary& version : versions) {
    table.push_back({std::to_string(version.version), version.status, version.author, version.committed_at,
                     version.published_words, version.message});
  }
  print_table(table);
}

struct ShownApi {
  std::string name;
  std::optional<Canary> canary;
  std::optional<Deprecation> deprecation;
  ServedApi served;
  ApiSource source;  // of a script that does not name its columns
  PageCursors cursors = PageCursors::none;
  std::string path;
  std::vector<std::string> hosts;  // base URLs that answer
  // (type, command); none: a required parameter has no sample, so there is no ready line.
  std::vector<std::pair<std::string, std::string>> curls;
};

ShownApi shown(const ApiRow& row, ServedApi served, const std::vector<Served>& everywhere) {
  ShownApi api;
  api.name = row.name;
  api.served = std::move(served);
  for (const Served& one : everywhere) {
    if (api.served.version == 0 || one.gateway != api.served.gateway) continue;
    api.canary = one.canary;
    api.deprecation = one.deprecation;
  }
  api.path = join_path(api.served.base_path, api.served.definition.path);
  if (!api.served.domains.empty()) {
    api.hosts = api.served.domains;
  } else if (!api.served.address.empty()) {
    api.hosts = {api.served.address};
  }
  try {
    api.curls = curl_commands(api.served, make_request(api.served, {}));
  } catch (const Refused&) {  // NOLINT(bugprone-empty-catch): no sample, see above
  }
  return api;
}

ApiSource shown_source(Database& catalog, const ApiRow& api, int version) {
  return version == 0 ? find_draft(catalog, api).against
                      : read_version(catalog, api, version).contract().source;
}

void write_shown(JsonOutput& json, const ShownApi& api) {
  json.begin_object().key("name").text(api.name).key("version");
  api.served.version == 0 ? json.null() : json.number(api.served.version);
  json.key("gateway");
  api.served.version == 0 ? json.null() : json.text(api.served.gateway);
  write_canary(json, api.canary);
  write_deprecation(json, api.deprecation);
  json.key("method").text(api.served.definition.method).key("path").text(api.path).key("urls").begin_array();
  const std::string address = api.path + version_query(api.served.version_key);
  for (const std::string& host : api.hosts) json.text(host + address);
  json.end_array().key("authentication").raw(names_text(api.served.definition.authentication));
  json.key("curl");
  api.curls.empty() ? json.null() : json.text(api.curls.front().second);
  json.key("curls").begin_object();
  for (const auto& [type, command] : api.curls) json.key(type.empty() ? "open" : type).text(command);
  json.end_object();
  json.key("definition").raw(api.served.text).end_object();
}

void print_shown(const ShownApi& api) {
  print_line(api.served.version == 0
                 ? fmt::format("{} (draft, not published)", api.name)
                 : fmt::format("{} (version {} on {})", api.name, api.served.version, api.served.gateway));
  if (api.canary)
    print_line(fmt::format("version {} for {} % of consumers", api.canary->version, api.canary->weight));
  if (api.deprecation)
    print_line(fmt::format("deprecated since {}, ends {}", api.deprecation->since, api.deprecation->sunset));
  const ApiDefinition& definition = api.served.definition;
  if (!definition.description.empty()) print_line(definition.description);
  print_line("");
  const core::VersionKey& key = api.served.version_key;
  const std::string path = api.path + version_query(key);
  for (const std::string& host : api.hosts) print_line(fmt::format("{} {}{}", definition.method, host, path));
  if (api.hosts.empty()) print_line(fmt::format("{} {}", definition.method, path));
  if (key.in == core::VersionKey::In::header)
    print_line(fmt::format("with the header {}: {}", key.name, key.value));
  print_line(authentication_words(definition));
  print_line(answer_words(definition, api.cursors) + "\n");
  show_parameters(definition, api.source, api.cursors == PageCursors::some);
  for (const auto& [type, command] : api.curls) print_line("\n" + command);
  if (api.curls.empty()) print_line("\n(no curl command: a required parameter has no sample)");
}

}  // namespace

void api_list(const Settings& settings, bool pending, const std::string& text) {
  Database catalog = settings.open_catalog();
  std::vector<ApiRow> rows = find_apis(catalog, find_workspace(catalog, settings.workspace), {}, {});
  if (!text.empty()) {
    const auto other = [&text](const ApiRow& row) {
      JsonDocument definition;
      return !parse_json(row.definition, definition).empty() || !contains_text(definition, text);
    };
    rows.erase(std::remove_if(rows.begin(), rows.end(), other), rows.end());
  }
  JsonOutput json;
  json.begin_array();
  std::vector<std::vector<std::string>> table = {{"NAME", "METHOD", "URL", "DRAFT", "LATEST", "PUBLISHED"}};
  for (const ListedApi& api : listed(catalog, std::move(rows), settings.gateway)) {
    if (pending && api.state.status.rfind("Pending", 0) != 0) continue;
    write_json(json, api);
    std::string published;
    for (const Served& served : api.published)
      published += (published.empty() ? "" : "; ") + served_words(served);
    table.push_back({api.row.name, api.method, api.url, draft_words(api),
                     api.state.latest == 0 ? "-" : fmt::format("{} {}", api.state.latest, api.state.status),
                     published.empty() ? "-" : published});
  }
  settings.json ? json.end_array().print() : print_table(table);
}

void api_versions(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  JsonOutput json;
  if (!options.single()) json.begin_array();
  const std::vector<std::vector<VersionSummary>> versions = list_versions(catalog, apis);
  for (size_t i = 0; i < apis.size(); ++i) {
    if (!settings.json) {
      if (!options.single()) print_line((i == 0 ? "" : "\n") + apis[i].name);
      print_versions(apis[i], versions[i]);
      continue;
    }
    if (!options.single()) json.begin_object().key("name").text(apis[i].name).key("versions");
    write_versions(json, versions[i]);
    if (!options.single()) json.end_object();
  }
  if (!options.single()) json.end_array();
  if (settings.json) json.print();
}

void api_show(const Settings& settings, const ApiOptions& options) {
  Database catalog = settings.open_catalog();
  const std::vector<ApiRow> apis = chosen_apis(catalog, settings, options);
  JsonOutput json;
  if (!options.single()) json.begin_array();
  std::vector<ServedApi> served = find_served(catalog, apis, settings.gateway);
  const std::vector<std::vector<Served>> everywhere = served_everywhere(catalog, apis);
  const std::vector<PageCursors> cursors = served_cursors(catalog, apis, served);
  for (size_t i = 0; i < apis.size(); ++i) {
    ShownApi api = shown(apis[i], std::move(served[i]), everywhere[i]);
    const ApiDefinition& definition = api.served.definition;
    if (!settings.json && definition.is_script() && !definition.response_parameters_given)
      api.source = shown_source(catalog, apis[i], api.served.version);
    api.cursors = cursors[i];
    if (settings.json) {
      write_shown(json, api);
    } else {
      if (i != 0) print_line("");
      print_shown(api);
    }
  }
  if (!options.single()) json.end_array();
  if (settings.json) json.print();
}

}  // namespace tablegate::loader
