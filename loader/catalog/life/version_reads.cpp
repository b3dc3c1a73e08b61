#include "catalog/life/version_reads.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/refusal.hpp"
#include "base/sql_array.hpp"
#include "catalog/lookup.hpp"
#include "compile/script_page.hpp"
#include "compile/sort.hpp"

namespace tablegate::loader {
namespace {

// Published versions and canaries with what they read of table $1.
constexpr const char* kPublishedReads =
    " FROM tablegate.api_version_read r JOIN tablegate.published_api p"
    " ON p.api_id = r.api_id AND r.version IN (p.version, p.canary_version)"
    " JOIN tablegate.api a ON a.api_id = r.api_id WHERE r.table_name = $1";

}  // namespace

void store_reads(Database& catalog, const std::string& api_id, int version,
                 const std::vector<TableReads>& reads) {
  SqlArray tables, columns, types;
  const auto add = [&](const std::string& table, const Parameter& column, const Parameter& type) {
    tables.add(table);
    columns.add_or_null(column);
    types.add_or_null(type);
  };
  for (const TableReads& of : reads) {
    if (of.columns.empty()) add(of.table, std::nullopt, std::nullopt);
    for (const auto& [column, type] : of.columns) add(of.table, column, type);
  }
  catalog.query(
      "INSERT INTO tablegate.api_version_read (api_id, version, table_name, column_name, column_type)"
      " SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[])",
      {api_id, std::to_string(version), tables.take(), columns.take(), types.take()});
}

std::vector<PublishedRead> published_reads(Database& catalog, const std::string& table) {
  const Rows rows = catalog.query(std::string("SELECT DISTINCT a.name, r.column_name, r.column_type") +
                                      kPublishedReads + " AND r.column_name IS NOT NULL ORDER BY 1, 2",
                                  {table});
  std::vector<PublishedRead> reads;
  reads.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row)
    reads.push_back({rows.string(row, 0), rows.string(row, 1), rows.string(row, 2)});
  return reads;
}

std::vector<PublishedPages> published_pages(Database& catalog, const std::string& table) {
  const Rows rows = catalog.query(
      std::string("WITH found AS (SELECT DISTINCT a.name, r.api_id, r.version") + kPublishedReads +
          ") SELECT f.name, v.definition::text, v.source::text FROM found f"
          " JOIN tablegate.api_version v USING (api_id, version) ORDER BY 1, v.version",
      {table});
  std::vector<PublishedPages> pages;
  pages.reserve(static_cast<size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    const std::string what = fmt::format("API \"{}\"", rows.text(row, 0));
    ApiDefinition definition = read_api_definition(rows.string(row, 1), what);
    if (!definition.paginates()) continue;
    pages.push_back({rows.string(row, 0), std::move(definition), read_api_source(rows.string(row, 2), what)});
  }
  return pages;
}

std::vector<std::string> published_readers(Database& catalog, const std::string& table) {
  return first_column(
      catalog.query(std::string("SELECT DISTINCT a.name") + kPublishedReads + " ORDER BY 1", {table}));
}

namespace {

// $1 and $2 of a statement about these versions: ids of their APIs, and their numbers.
std::vector<Parameter> places_of_versions(const std::vector<VersionName>& versions) {
  SqlArray ids, numbers;
  for (const VersionName& version : versions) {
    ids.add(version.api_id);
    numbers.add(version.version);
  }
  return {ids.take(), numbers.take()};
}

// The first of these versions, by place, that the mirror could not answer.
std::optional<size_t> find_unanswerable(Database& catalog, const std::vector<VersionName>& versions) {
  const Rows rows = catalog.query(
      "WITH reads AS MATERIALIZED (SELECT x.place, r.table_name, r.column_name, r.column_type"
      "  FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS x (api_id, version, place)"
      "  JOIN tablegate.api_version_read r ON r.api_id = x.api_id AND r.version = x.version),"
      " generations AS MATERIALIZED (SELECT g.table_name, g.generation, g.columns"
      "  FROM (SELECT DISTINCT table_name FROM reads) t JOIN tablegate.generation g USING (table_name)"
      "  WHERE g.status IN ('current', 'loading')),"
      " columns AS MATERIALIZED (SELECT g.table_name, g.generation, has.item->>'name' AS name, "
      "has.item->>'type' AS "
      "type FROM generations g CROSS JOIN LATERAL json_array_elements(g.columns) AS has (item))"
      " SELECT r.place FROM reads r LEFT JOIN tablegate.mirror_table t ON t.name = r.table_name"
      " LEFT JOIN generations g ON g.table_name = r.table_name"
      " LEFT JOIN columns c ON c.table_name = g.table_name AND c.generation = g.generation"
      "  AND c.name = r.column_name AND c.type = r.column_type"
      " WHERE t.name IS NULL OR (g.table_name IS NOT NULL AND r.column_name IS NOT NULL AND c.name IS NULL)"
      " ORDER BY r.place LIMIT 1",
      places_of_versions(versions));
  return rows.empty() ? std::nullopt : std::optional(static_cast<size_t>(rows.integer(0, 0) - 1));
}

// Names what one version lacks.
void refuse_unanswerable(Database& catalog, const VersionName& of) {
  const auto& [api_id, api_name, version] = of;
  const Rows table = catalog.query(
      "SELECT r.table_name FROM tablegate.api_version_read r WHERE r.api_id = $1 AND r.version = $2"
      " AND NOT EXISTS (SELECT FROM tablegate.mirror_table t WHERE t.name = r.table_name) ORDER BY 1 LIMIT 1",
      {api_id, version});
  if (!table.empty()) {
    throw Refused(fmt::format("version {} of API \"{}\" reads Table \"{}\", which was deleted: apply "
                              "its definition and load it",
                              version, api_name, table.text(0, 0)),
                  Hint::command({"apply", "-f", "FILE"}));
  }
  const Rows rows = catalog.query(
      "SELECT g.table_name, g.generation, g.status, r.column_name, r.column_type, has.item->>'type'"
      " FROM tablegate.api_version_read r"
      " JOIN tablegate.generation g ON g.table_name = r.table_name AND g.status IN ('current', 'loading')"
      " LEFT JOIN LATERAL json_array_elements(g.columns) AS has (item) ON has.item->>'name' = r.column_name"
      " WHERE r.api_id = $1 AND r.version = $2 AND has.item->>'type' IS DISTINCT FROM r.column_type"
      " ORDER BY g.status, r.column_name, g.table_name LIMIT 1",
      {api_id, version});
  if (rows.empty()) return;
  const bool loading = rows.text(0, 2) == "loading";
  const std::string generation = fmt::format("generation {} of Table \"{}\"{}", rows.text(0, 1),
                                             rows.text(0, 0), loading ? ", which is being loaded," : "");
  const std::string what = rows.null(0, 5) ? fmt::format("has no column \"{}\"", rows.text(0, 3))
                                           : fmt::format("has column \"{}\" as {}, not {}", rows.text(0, 3),
                                                         rows.text(0, 5), rows.text(0, 4));
  throw Refused(
      fmt::format(
          "version {} of API \"{}\" cannot be answered: {} {}; `table load` or `table rollback` changes the "
          "generation",
          version, api_name, generation, what),
      Hint::command({"table", "status", rows.text(0, 0)}));
}

// Of versions with pages.
void require_keys(Database& catalog, const std::vector<VersionName>& versions) {
  const Rows rows = catalog.query(
      "WITH reads AS MATERIALIZED (SELECT DISTINCT x.place, x.api_id, x.version, r.table_name"
      " FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS x (api_id, version, place)"
      " JOIN tablegate.api_version_read r ON r.api_id = x.api_id AND r.version = x.version)"
      " SELECT x.place, v.definition::text, v.source::text, g.table_name, g.generation, g.columns::text,"
      " (g.keys -> 'primary_key')::text FROM reads x JOIN tablegate.api_version v USING (api_id, version)"
      " JOIN tablegate.generation g ON g.table_name = x.table_name AND g.status IN ('current', 'loading')"
      " WHERE g.keys IS NOT NULL ORDER BY x.place",
      places_of_versions(versions));
  for (int row = 0; row < rows.size(); ++row) {
    const VersionName& of = versions[static_cast<size_t>(rows.integer(row, 0) - 1)];
    const std::string what = fmt::format("API \"{}\"", of.api_name);
    const ApiDefinition definition = read_api_definition(rows.string(row, 1), what);
    if (!definition.paginates()) continue;
    TableInfo now;
    now.primary_key = read_names(rows.string(row, 6));
    now.columns = read_columns(rows.string(row, 5));
    const std::string fault =
        cursor_fault(cursor_sort(definition, read_api_source(rows.string(row, 2), what)), now);
    if (fault.empty()) continue;
    throw Refused(
        fmt::format("version {} of API \"{}\" cannot be answered: its pages by cursor would leave out "
                    "rows of generation {} of Table \"{}\": {}; `table load` or `table rollback` changes "
                    "the generation",
                    of.version, of.api_name, rows.text(row, 4), rows.text(row, 3), fault),
        Hint::command({"table", "status", rows.text(row, 3)}));
  }
}

}  // namespace

void require_columns(Database& catalog, const std::vector<VersionName>& versions) {
  if (const auto found = find_unanswerable(catalog, versions)) refuse_unanswerable(catalog, versions[*found]);
  require_keys(catalog, versions);
}

}  // namespace tablegate::loader
