#include "catalog/life/drafts.hpp"

#include <fmt/format.h>

#include "base/hint.hpp"
#include "base/sql_array.hpp"
#include "catalog/life/version_reads.hpp"
#include "catalog/life/versions.hpp"
#include "catalog/row_lock.hpp"
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
  std::vector<std::string> tables{draft.table.name};
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

}  // namespace

std::string draft_digest(const ApiRow& api, const std::string& source) {
  return sha256_hex(definition_for_digest(api) + "\n" + source);
}

Draft find_draft(Database& catalog, const ApiRow& api) {
  Draft draft;
  const std::optional<TableInfo> table = find_table(catalog, api.table);
  if (!table) throw SystemFailure(fmt::format("table \"{}\" of API \"{}\" is gone", api.table, api.name));
  draft.table = *table;
  draft.source = table_source(*table);
  draft.digest = draft_digest(api, draft.source);
  const Rows state = catalog.query(
      "SELECT EXISTS (SELECT FROM tablegate.generation WHERE table_name = $1 AND status = 'current'),"
      " EXISTS (SELECT FROM tablegate.api_test WHERE api_id = $2 AND draft_digest = $3::bytea AND passed)",
      {api.table, api.id, "\\x" + draft.digest});
  draft.loaded = state.boolean(0, 0);
  draft.tested = state.boolean(0, 1);
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
  entry.source = draft.table;
  return entry;
}

TestOutcome test_draft(Database& catalog, const ApiRow& api,
                       const std::vector<std::pair<std::string, std::string>>& parameters,
                       ApiTester& tester) {
  const Draft draft = find_draft(catalog, api);
  if (!draft.loaded) {
    throw Refused(
        fmt::format("API \"{}\" cannot be tested: its table \"{}\" was never loaded", api.name, api.table),
        Hint::command({"table", "load", api.table}));
  }
  TestOutcome outcome = tester.test(draft_entry(api, draft), parameters);
  catalog.query(
      "INSERT INTO tablegate.api_test (api_id, draft_digest, passed, http_status, duration_ms)"
      " VALUES ($1, $2::bytea, $3, $4, $5) ON CONFLICT (api_id, draft_digest) DO UPDATE SET"
      // A draft that has passed has passed, whatever other values are tried later.
      " passed = $3 OR api_test.passed,"
      " http_status = $4, duration_ms = $5, tested_by = session_user, tested_at = clock_timestamp()",
      {api.id, "\\x" + draft.digest, outcome.passed ? "true" : "false", std::to_string(outcome.status),
       fmt::format("{:.3f}", outcome.duration_ms)});
  return outcome;
}

PlanReport draft_plans(const ApiRow& api, const Draft& draft, PlanGate& gate) {
  if (draft.loaded) return gate.check(draft_entry(api, draft), draft.digest);
  PlanReport report;
  report.unchecked = fmt::format("table \"{}\" was never loaded", draft.table.name);
  return report;
}

Version commit_draft(Database& catalog, const ApiRow& api, const CommitRequest& request, PlanGate& gate) {
  Transaction transaction(catalog);
  // The row's lock puts commits of one API in line; the definition is read again under it.
  const Rows locked = catalog.query(
      "SELECT definition::text, table_name, name, coalesce(digest_name, name) FROM tablegate.api WHERE "
      "api_id "
      "= $1 AND deleted_at IS NULL FOR UPDATE",
      {api.id});
  if (locked.empty())
    throw Refused(fmt::format("API \"{}\" was deleted meanwhile", api.name), Hint::command({"api", "list"}));
  ApiRow current = api;
  current.definition = locked.string(0, 0);
  current.table = locked.string(0, 1);
  current.name = locked.string(0, 2);
  current.digest_name = locked.string(0, 3);
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
  if (!request.breaking) {
    const StoredVersion after{0, "", current.definition, draft.source};
    const CommitBreaks breaks = commit_breaks(catalog, current, after);
    if (breaks.published) refuse_breaks({breaks_text(current, *breaks.published, after)});
    if (!breaks.note.empty()) version.notes.push_back(breaks.note);
  }
  PlanReport plans = draft_plans(current, draft, gate);
  if (!request.allow_scan) refuse_scans({{current.name, plans.scans}});
  version.warnings = plan_warnings(current.name, plans);
  const CompiledApi compiled = compile_api(draft_entry(current, draft));
  version.version = latest.empty() ? 1 : static_cast<int>(latest.integer(0, 0)) + 1;
  const Rows made = catalog.query(
      "INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest, message,"
      " allow_scan, plan)"
      " VALUES ($1, $2, tablegate.first_status($1::bigint, ARRAY(SELECT json_array_elements_text($7::json))),"
      " $3::json, $4::json, $5::bytea, $6, $8::text[], $9::json) RETURNING status",
      {api.id, std::to_string(version.version), current.definition, draft.source, "\\x" + draft.digest,
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
