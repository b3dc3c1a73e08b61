#include "catalog/life/draft_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

#include "base/sql_array.hpp"
#include "catalog/life/drafts.hpp"
#include "catalog/life/versions.hpp"

namespace tablegate::loader {
namespace {

// Of all tables that the drafts read, by name.
std::map<std::string, TableInfo> read_tables(Database& catalog, const std::vector<ApiRow>& apis) {
  std::set<std::string> names;
  for (const ApiRow& api : apis) names.insert(api.tables.begin(), api.tables.end());
  return find_tables(catalog, {names.begin(), names.end()});
}

struct Latest {
  std::string digest, status;
  int version = 0;
};

// By API.
std::unordered_map<std::string, Latest> read_latest(Database& catalog, const std::vector<ApiRow>& apis) {
  const Rows rows = catalog.query(
      "SELECT DISTINCT ON (api_id) api_id, encode(draft_digest, 'hex'), status, version FROM "
      "tablegate.api_version"
      " WHERE api_id = ANY ($1::bigint[]) ORDER BY api_id, version DESC",
      {id_array(apis)});
  std::unordered_map<std::string, Latest> latest;
  for (int i = 0; i < rows.size(); ++i)
    latest[rows.string(i, 0)] = {rows.string(i, 1), rows.string(i, 2), static_cast<int>(rows.integer(i, 3))};
  return latest;
}

struct Tested {
  bool passed = false;
  std::string described;  // a script's columns, or empty
};

// The tests of drafts, known by their digests, by API.
std::unordered_map<std::string, Tested> read_tested(Database& catalog, const std::vector<ApiRow>& apis,
                                                    const std::vector<std::string>& digests) {
  SqlArray bytes;
  for (const std::string& digest : digests) bytes.add("\\x" + digest);
  const Rows rows = catalog.query(
      "SELECT t.api_id, t.passed, t.described::text FROM unnest($1::bigint[], $2::bytea[]) AS d (api_id, "
      "digest)"
      " JOIN tablegate.api_test t ON t.api_id = d.api_id AND t.draft_digest = d.digest",
      {id_array(apis), bytes.take()});
  std::unordered_map<std::string, Tested> tested;
  for (int i = 0; i < rows.size(); ++i) tested[rows.string(i, 0)] = {rows.boolean(i, 1), rows.string(i, 2)};
  return tested;
}

}  // namespace

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
  const std::map<std::string, TableInfo> tables = read_tables(catalog, apis);
  std::set<std::string> loaded;
  for (const std::string& table :
       first_column(catalog.query("SELECT table_name FROM tablegate.generation WHERE status = 'current'")))
    loaded.insert(table);
  std::vector<DraftState> states(apis.size());
  std::vector<std::string> digests;
  digests.reserve(apis.size());
  for (size_t i = 0; i < apis.size(); ++i) {
    states[i].against = draft_source(apis[i], tables);
    digests.push_back(draft_digest(apis[i], states[i].against));
    std::copy_if(apis[i].tables.begin(), apis[i].tables.end(), std::back_inserter(states[i].unloaded),
                 [&loaded](const std::string& table) { return loaded.count(table) == 0; });
  }
  const std::unordered_map<std::string, Latest> latest = read_latest(catalog, apis);
  const std::unordered_map<std::string, Tested> tested = read_tested(catalog, apis, digests);
  for (size_t i = 0; i < apis.size(); ++i) {
    DraftState& state = states[i];
    if (const auto test = tested.find(apis[i].id); test != tested.end()) {
      state.tested = test->second.passed;
      if (!test->second.described.empty()) state.against.columns = read_columns(test->second.described);
    }
    const auto found = latest.find(apis[i].id);
    if (found == latest.end()) continue;
    state.latest = found->second.version;
    state.status = found->second.status;
    state.changed = found->second.digest != digests[i];
  }
  return states;
}

std::vector<std::string> draft_breaks(Database& catalog, const std::vector<ApiRow>& apis,
                                      const std::vector<DraftState>& states,
                                      const std::map<std::string, int>& served) {
  std::vector<std::string> breaks;
  for (size_t i = 0; i < apis.size(); ++i) {
    const StoredVersion after{states[i].version(), states[i].status, apis[i].definition,
                              api_source_text(states[i].against)};
    std::string text;
    if (after.version == 0) {
      if (const auto known = commit_breaks(catalog, apis[i], after).published)
        text = breaks_text(apis[i], *known, after);
    }
    const auto now = served.find(apis[i].id);
    if (text.empty() && now != served.end() && now->second != after.version)
      text = breaks_text(apis[i], read_version(catalog, apis[i], now->second), after);
    if (!text.empty()) breaks.push_back(std::move(text));
  }
  return breaks;
}

void check_plans(const std::vector<DraftState>& states, const std::vector<ApiRow>& apis, PlanGate& gate,
                 bool allow_scan) {
  std::vector<ApiScans> scans;
  for (size_t i = 0; i < apis.size(); ++i) {
    if (states[i].version() > 0) continue;
    Draft draft;
    draft.against = states[i].against;
    draft.digest = draft_digest(apis[i], draft.against);
    draft.unloaded = states[i].unloaded;
    scans.push_back({apis[i].name, draft_plans(apis[i], draft, gate).scans});
  }
  if (!allow_scan) refuse_scans(scans);
}

void refuse_draft_breaks(Database& catalog, const std::vector<ApiRow>& apis) {
  refuse_breaks(draft_breaks(catalog, apis, read_draft_states(catalog, apis), {}));
}

}  // namespace tablegate::loader
