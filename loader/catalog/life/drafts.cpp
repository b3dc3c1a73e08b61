#include "catalog/life/drafts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hint.hpp"
#include "base/sql_array.hpp"
#include "catalog/life/version_reads.hpp"
#include "catalog/life/versions.hpp"
#include "catalog/row_lock.hpp"
#include "compile/script_page.hpp"
#include "compile/script_statement.hpp"
#include "core/digest.hpp"

namespace tablegate::loader {

std::string sha256_hex(std::string_view bytes) {
  core::Sha256 sha256;
  core::Digest digest{};
  if (!sha256.digest(bytes, digest)) throw SystemFailure("OpenSSL failed to make a SHA-256");
  return core::to_hex(digest);
}

namespace {

constexpr size_t kNamedWarnings = 10;  // of the plans of one API

// With the name that the API had first: a new name makes no new draft.
std::string definition_for_digest(const ApiRow& api) {
  return api.digest_name == api.name ? api.definition : renamed_definition(api.definition, api.digest_name);
}

// All tables that a version of the draft reads.
std::vector<std::string> tables_of(const Draft& draft, const CompiledApi& compiled) {
  std::vector<std::string> tables;
  for (const TableInfo* const table : draft.against.read_tables()) tables.push_back(table->name);
  for (const TableReads& reads : compiled.reads) tables.push_back(reads.table);
  return tables;
}

std::vector<std::string> plan_warnings(const std::string& api, const PlanReport& plans) {
  std::vector<std::string> warnings;
  if (!plans.unchecked.empty())
    warnings.push_back(
        fmt::format("API \"{}\": its plans were not checked and are not stored: {}", api, plans.unchecked));
  for (const TableScan& scan : plans.scans)
    warnings.push_back(fmt::format("API \"{}\": {}", api, scan_text(scan)));
  for (const std::string& one : plans.warnings) warnings.push_back(fmt::format("API \"{}\": {}", api, one));
  if (const size_t count = warnings.size(); count > kNamedWarnings) {
    warnings.resize(kNamedWarnings);
    warnings.push_back(
        fmt::format("API \"{}\": and {} more warnings of this kind; `tablegate api plan {}` shows "
                    "how each call finds its rows",
                    api, count - kNamedWarnings, shell_word(api)));
  }
  return warnings;
}

// Calls that a script has no statement for, and whether its pages have cursors.
std::vector<std::string> script_notes(const std::string& api, const ApiEntry& entry) {
  std::vector<std::string> notes;
  const Script script = script_of(entry);
  for (const InvalidPath& path : script.invalid) {
    std::string note =
        fmt::format("API \"{}\": some calls have no statement and are answered 400, depending on {}: {}", api,
                    name_list(path.parameters), path.reason);
    for (const RequestParameter& one : entry.definition.request_parameters) {
      if (one.takes_list() && one.may_be_empty() &&
          std::count(path.parameters.begin(), path.parameters.end(), one.name) != 0)
        note += fmt::format("; {0} may be an empty list: where this is the reason, test {0}.size() > 0",
                            one.name);
    }
    notes.push_back(std::move(note));
  }
  const std::string reason =
      entry.definition.paginates() ? no_cursor_reason(script, entry.source) : std::string();
  if (!reason.empty())
    notes.push_back(
        fmt::format("API \"{}\": its pages have no cursors, only pageNum continues them: {}", api, reason));
  return notes;
}

}  // namespace

std::string draft_digest(const ApiRow& api, const ApiSource& against) {
  const std::string source =
      api_source_text(against.tables.empty() ? against : script_source(against.tables));
  return sha256_hex(definition_for_digest(api) + "\n" + source);
}

ApiSource draft_source(const ApiRow& api, const std::map<std::string, TableInfo>& tables) {
  std::vector<TableInfo> read;
  for (const std::string& name : api.tables) {
    const auto found = tables.find(name);
    if (found == tables.end())
      throw SystemFailure(fmt::format("table \"{}\" of API \"{}\" is gone", name, api.name));
    read.push_back(found->second);
  }
  if (read.empty()) throw SystemFailure(fmt::format("API \"{}\" reads no table", api.name));
  return api.script ? script_source(std::move(read)) : ApiSource(std::move(read.front()));
}

Draft find_draft(Database& catalog, const ApiRow& api) {
  Draft draft;
  draft.against = draft_source(api, find_tables(catalog, api.tables));
  draft.digest = draft_digest(api, draft.against);
  draft.unloaded = first_column(catalog.query(
      "SELECT x.name FROM unnest($1::text[]) WITH ORDINALITY AS x (name, place) WHERE NOT EXISTS"
      " (SELECT FROM tablegate.generation WHERE table_name = x.name AND status = 'current') ORDER BY x.place",
      {sql_array(api.tables)}));
  const Rows test = catalog.query(
      "SELECT passed, described::text FROM tablegate.api_test WHERE api_id = $1 AND draft_digest = $2::bytea",
      {api.id, "\\x" + draft.digest});
  draft.tested = !test.empty() && test.boolean(0, 0);
  if (!test.empty() && !test.null(0, 1)) draft.against.columns = read_columns(test.string(0, 1));
  return draft;
}

ApiEntry draft_entry(const ApiRow& api, const Draft& draft) {
  ApiEntry entry;
  entry.api_id = std::stoll(api.id);
  entry.workspace = api.workspace;
  entry.rest_api = api.rest_api;
  entry.base_path = api.base_path;
  entry.version_key = api.version_key;
  entry.definition = api.draft();
  entry.source = draft.against;
  return entry;
}

TestOutcome test_draft(Database& catalog, const ApiRow& api,
                       const std::vector<std::pair<std::string, std::string>>& parameters,
                       ApiTester& tester) {
  Draft draft = find_draft(catalog, api);
  if (!draft.unloaded.empty()) {
    const std::string& table = draft.unloaded.front();
    throw Refused(
        fmt::format("API \"{}\" cannot be tested: its table \"{}\" was never loaded", api.name, table),
        Hint::command({"table", "load", table}));
  }
  if (api.script) draft.against.columns = tester.describe(draft_entry(api, draft));
  TestOutcome outcome = tester.test(draft_entry(api, draft), parameters);
  catalog.query(
      "INSERT INTO tablegate.api_test (api_id, draft_digest, passed, http_status, duration_ms, described)"
      " VALUES ($1, $2::bytea, $3, $4, $5, $6::json) ON CONFLICT (api_id, draft_digest) DO UPDATE SET"
      // A draft that has passed has passed, whatever other values are tried later.
      " passed = $3 OR api_test.passed,"
      " http_status = $4, duration_ms = $5, described = $6::json, tested_by = session_user, tested_at = "
      "clock_timestamp()",
      {api.id, "\\x" + draft.digest, outcome.passed ? "true" : "false", std::to_string(outcome.status),
       fmt::format("{:.3f}", outcome.duration_ms),
       api.script ? Parameter(columns_text(draft.against.columns)) : std::nullopt});
  return outcome;
}

PlanReport draft_plans(const ApiRow& api, const Draft& draft, PlanGate& gate) {
  if (draft.unloaded.empty()) return gate.check(draft_entry(api, draft), draft.digest);
  PlanReport report;
  report.unchecked = fmt::format("table \"{}\" was never loaded", draft.unloaded.front());
  return report;
}

Version commit_draft(Database& catalog, const ApiRow& api, const CommitRequest& request, PlanGate& gate) {
  Transaction transaction(catalog);
  // The row's lock puts commits of one API in line; the definition is read again under it.
  const Rows locked = catalog.query(
      "SELECT definition::text, array_to_json(table_names)::text, name, coalesce(digest_name, name),"
      " script_tables IS NOT NULL FROM tablegate.api WHERE api_id "
      "= $1 AND deleted_at IS NULL FOR UPDATE",
      {api.id});
  if (locked.empty())
    throw Refused(fmt::format("API \"{}\" was deleted meanwhile", api.name), Hint::command({"api", "list"}));
  ApiRow current = api;
  current.definition = locked.string(0, 0);
  current.tables = read_names(locked.string(0, 1));
  current.name = locked.string(0, 2);
  current.digest_name = locked.string(0, 3);
  current.script = locked.boolean(0, 4);
  const Draft draft = find_draft(catalog, current);
  const Rows latest = catalog.query(
      "SELECT version, status, draft_digest = $2::bytea FROM tablegate.api_version WHERE api_id = $1 ORDER "
      "BY version DESC LIMIT 1",
      {api.id, "\\x" + draft.digest});
  if (!latest.empty() && latest.boolean(0, 2)) {
    return {static_cast<int>(latest.integer(0, 0)), latest.string(0, 1), true};
  }
  if (!draft.tested) {
    throw Refused(fmt::format("API \"{}\" cannot be committed: this draft has not passed a test", api.name),
                  Hint::command({"api", "test", api.name}));
  }
  Version version;
  const std::string source = api_source_text(draft.against);
  if (!request.breaking) {
    const StoredVersion after{0, "", current.definition, source};
    const CommitBreaks breaks = commit_breaks(catalog, current, after);
    if (breaks.published) refuse_breaks({breaks_text(current, *breaks.published, after)});
    if (!breaks.note.empty()) version.notes.push_back(breaks.note);
  }
  PlanReport plans = draft_plans(current, draft, gate);
  if (!request.allow_scan) refuse_scans({{current.name, plans.scans}});
  version.warnings = plan_warnings(current.name, plans);
  const ApiEntry entry = draft_entry(current, draft);
  const CompiledApi compiled = compile_api(entry);
  if (current.script) {
    std::vector<std::string> notes = script_notes(current.name, entry);
    version.notes.insert(version.notes.end(), notes.begin(), notes.end());
  }
  version.version = latest.empty() ? 1 : static_cast<int>(latest.integer(0, 0)) + 1;
  const Rows made = catalog.query(
      "INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest, message,"
      " allow_scan, plan)"
      " VALUES ($1, $2, tablegate.first_status($1::bigint, ARRAY(SELECT json_array_elements_text($7::json))),"
      " $3::json, $4::json, $5::bytea, $6, $8::text[], $9::json) RETURNING status",
      {api.id, std::to_string(version.version), current.definition, source, "\\x" + draft.digest,
       request.message, names_text(tables_of(draft, compiled)), sql_array(plans.scanned_tables()),
       plans.unchecked.empty() ? Parameter(plans.text()) : std::nullopt});
  version.status = made.string(0, 0);
  store_reads(catalog, api.id, version.version, compiled.reads);
  transaction.commit();
  return version;
}

std::vector<Version> commit_drafts(Database& catalog, const std::vector<ApiRow>& apis,
                                   const CommitRequest& request, PlanGate& gate) {
  Transaction transaction(catalog);
  if (apis.size() > 1) lock_catalog(catalog);  // before the rows: two commands may name them in another order
  std::vector<Version> versions;
  versions.reserve(apis.size());
  for (const ApiRow& api : apis) versions.push_back(commit_draft(catalog, api, request, gate));
  transaction.commit();
  return versions;
}

}  // namespace tablegate::loader
