#include "catalog/life/draft_states.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "catalog/life/drafts.hpp"
#include "catalog/life/versions.hpp"

namespace tablegate::loader {
namespace {

// {1,2,3} as PostgreSQL reads an array of numbers.
std::string id_array(const std::vector<ApiRow>& apis) {
  std::string text = "{";
  for (const ApiRow& api : apis) text += (text.size() == 1 ? "" : ",") + api.id;
  return text + "}";
}

}  // namespace

std::vector<ApiRow> find_apis_at_once(Database& catalog, const Workspace& workspace,
                                      const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::map<std::string, ApiRow> by_name;
  for (ApiRow& api : find_apis(catalog, workspace, {}, {})) {
    std::string name = api.name;
    by_name.emplace(std::move(name), std::move(api));
  }
  std::vector<ApiRow> apis;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end())
      throw Refused(fmt::format("API \"{}\" was deleted meanwhile", name), "the same command again");
    apis.push_back(found->second);
  }
  return apis;
}

std::map<std::string, int> published_versions(Database& catalog, const Workspace& workspace,
                                              const std::string& gateway) {
  const Rows rows = catalog.query(
      "SELECT p.api_id, p.version FROM tablegate.published_api p JOIN tablegate.api a USING (api_id)"
      " WHERE p.gateway = $1 AND a.workspace_id = $2",
      {gateway, workspace.id});
  std::map<std::string, int> versions;
  for (int i = 0; i < rows.size(); ++i) versions[rows.string(i, 0)] = static_cast<int>(rows.integer(i, 1));
  return versions;
}

std::vector<DraftState> read_draft_states(Database& catalog, const std::vector<ApiRow>& apis) {
  std::map<std::string, std::string> sources;
  std::set<std::string> loaded;
  for (const std::string& table :
       first_column(catalog.query("SELECT table_name FROM tablegate.generation WHERE status = 'current'")))
    loaded.insert(table);
  struct Latest {
    std::string digest, status;
    int version = 0;
  };
  std::map<std::string, Latest> latest;  // by API
  const Rows versions = catalog.query(
      "SELECT DISTINCT ON (api_id) api_id, encode(draft_digest, 'hex'), status, version FROM "
      "tablegate.api_version"
      " WHERE api_id = ANY ($1::bigint[]) ORDER BY api_id, version DESC",
      {id_array(apis)});
  for (int i = 0; i < versions.size(); ++i)
    latest[versions.string(i, 0)] = {versions.string(i, 1), versions.string(i, 2),
                                     static_cast<int>(versions.integer(i, 3))};
  std::set<std::pair<std::string, std::string>> passed;
  const Rows tests = catalog.query(
      "SELECT api_id, encode(draft_digest, 'hex') FROM tablegate.api_test WHERE passed AND api_id = ANY "
      "($1::bigint[])",
      {id_array(apis)});
  for (int i = 0; i < tests.size(); ++i) passed.emplace(tests.string(i, 0), tests.string(i, 1));
  std::vector<DraftState> states;
  for (const ApiRow& api : apis) {
    auto source = sources.find(api.table);
    if (source == sources.end()) {
      const std::optional<TableInfo> table = find_table(catalog, api.table);
      if (!table) throw SystemFailure(fmt::format("table \"{}\" of API \"{}\" is gone", api.table, api.name));
      source = sources.emplace(api.table, table_source(*table)).first;
    }
    const std::string digest = draft_digest(api, source->second);
    DraftState state{
        source->second, loaded.count(api.table) != 0, passed.count({api.id, digest}) != 0, 0, {}};
    if (const auto found = latest.find(api.id); found != latest.end() && found->second.digest == digest) {
      state.version = found->second.version;
      state.status = found->second.status;
    }
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<std::string> draft_breaks(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::vector<DraftState>& states,
                                      const std::map<std::string, int>& served) {
  std::vector<std::string> breaks;
  for (size_t i = 0; i < apis.size(); ++i) {
    const StoredVersion after{states[i].version, states[i].status, apis[i].definition, states[i].source};
    std::string text;
    if (after.version == 0) text = commit_breaks(catalog, apis[i], after).error;
    const auto now = served.find(apis[i].id);
    if (text.empty() && now != served.end() && now->second != after.version)
      text = breaks_text(apis[i], read_version(catalog, apis[i], now->second), after);
    if (!text.empty()) breaks.push_back(std::move(text));
  }
  return breaks;
}

}  // namespace tablegate::loader
