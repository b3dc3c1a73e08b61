#include "catalog/life/versions.hpp"

#include <fmt/format.h>

namespace tablegate::loader {
namespace {

StoredVersion stored(const Rows& rows, int row) {
  return {static_cast<int>(rows.integer(row, 0)), rows.string(row, 1), rows.string(row, 2),
          rows.string(row, 3)};
}

constexpr const char* kQuery =
    "SELECT version, status, definition::text, source::text FROM tablegate.api_version WHERE api_id = $1";

// One a line.
std::string break_lines(const StoredVersion& before, const StoredVersion& after) {
  std::string lines;
  for (const ContractBreak& one : contract_breaks(before.contract(), after.contract()))
    lines += "\n  " + one.text();
  return lines;
}

}  // namespace

std::string StoredVersion::label() const {
  return version == 0 ? "the draft" : fmt::format("version {}", version);
}

ContractSide StoredVersion::contract() const {
  return {read_api_definition(definition, label()), read_table_source(source, "the source of " + label())};
}

StoredVersion read_version(Database& catalog, const ApiRow& api, int version) {
  const Rows rows =
      catalog.query(std::string(kQuery) + " AND version = $2", {api.id, std::to_string(version)});
  if (!rows.empty()) return stored(rows, 0);
  throw Refused(fmt::format("API \"{}\" has no version {}", api.name, version),
                fmt::format("tablegate api versions \"{}\"", api.name));
}

std::optional<StoredVersion> latest_version(Database& catalog, const ApiRow& api) {
  const Rows rows = catalog.query(
      std::string(kQuery) + " AND status <> 'Rejected' ORDER BY version DESC LIMIT 1", {api.id});
  return rows.empty() ? std::nullopt : std::optional(stored(rows, 0));
}

std::string breaks_text(const ApiRow& api, const StoredVersion& before, const StoredVersion& after) {
  const std::string breaks = break_lines(before, after);
  if (breaks.empty()) return {};
  return fmt::format("API \"{}\": {} breaks callers of {}:{}", api.name, after.label(), before.label(),
                     breaks);
}

CommitBreaks commit_breaks(Database& catalog, const ApiRow& api, const StoredVersion& after) {
  CommitBreaks found;
  const std::optional<StoredVersion> latest = latest_version(catalog, api);
  if (!latest) return found;
  const std::string breaks = break_lines(*latest, after);
  if (breaks.empty()) return found;
  const Rows published = catalog.query(
      std::string(kQuery) +
          " AND EXISTS (SELECT FROM tablegate.publication p WHERE p.api_id = api_version.api_id AND"
          " api_version.version IN (p.version, p.canary_version)) ORDER BY version DESC LIMIT 1",
      {api.id});
  if (published.empty() || stored(published, 0).version != latest->version)
    found.note = fmt::format("API \"{}\": {} would break callers of {}, which was never published:{}",
                             api.name, after.label(), latest->label(), breaks);
  if (!published.empty()) found.error = breaks_text(api, stored(published, 0), after);
  return found;
}

void refuse_breaks(const ApiRow& api, const std::string& message, const std::string& verb) {
  if (message.empty()) return;
  throw Refused(message, fmt::format("tablegate api {} \"{}\" --breaking, when every caller is ready for it",
                                     verb, api.name));
}

std::vector<FieldChange> changed_fields(const StoredVersion& from, const StoredVersion& to) {
  std::vector<FieldChange> changes = json_changes("", from.definition, to.definition);
  std::vector<FieldChange> source = json_changes("/source", from.source, to.source);
  changes.insert(changes.end(), source.begin(), source.end());
  return changes;
}

}  // namespace tablegate::loader
