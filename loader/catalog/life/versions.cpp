#include "catalog/life/versions.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/sql_array.hpp"

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
  return {read_api_definition(definition, label()), read_api_source(source, "the source of " + label())};
}

std::vector<StoredVersion> read_versions(Database& catalog, const std::vector<const ApiRow*>& apis,
                                         const std::vector<int>& versions) {
  SqlArray ids, numbers;
  for (const ApiRow* const api : apis) ids.add(api->id);
  for (const int version : versions) numbers.add(std::to_string(version));
  const Rows rows = catalog.query(
      "SELECT v.version, v.status, v.definition::text, v.source::text"
      " FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS x (api_id, version, place)"
      " LEFT JOIN tablegate.api_version v ON v.api_id = x.api_id AND v.version = x.version ORDER BY x.place",
      {ids.take(), numbers.take()});
  std::vector<StoredVersion> found;
  found.reserve(apis.size());
  for (int row = 0; row < rows.size(); ++row) {
    const size_t place = found.size();
    if (rows.null(row, 0))
      throw Refused(fmt::format("API \"{}\" has no version {}", apis[place]->name, versions[place]),
                    Hint::command({"api", "versions", apis[place]->name}));
    found.push_back(stored(rows, row));
  }
  return found;
}

StoredVersion read_version(Database& catalog, const ApiRow& api, int version) {
  return std::move(read_versions(catalog, {&api}, {version}).front());
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
  if (published.empty()) return found;
  StoredVersion known = stored(published, 0);
  if (!break_lines(known, after).empty()) found.published = std::move(known);
  return found;
}

void refuse_breaks(const std::vector<std::string>& breaks) {
  if (breaks.empty()) return;
  throw Refused(fmt::format("{}\n--breaking allows it, when every caller is ready", fmt::join(breaks, "\n")),
                Hint::again().flag("--breaking"));
}

std::vector<FieldChange> changed_fields(const StoredVersion& from, const StoredVersion& to) {
  std::vector<FieldChange> changes = json_changes("", from.definition, to.definition);
  std::vector<FieldChange> source = json_changes("/source", from.source, to.source);
  // The columns of a draft that was not tested are not known.
  const bool known = !from.contract().source.columns.empty() && !to.contract().source.columns.empty();
  for (FieldChange& change : source) {
    if (known || change.field.rfind("/source/columns", 0) != 0) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace tablegate::loader
