#include "mirror/generations.hpp"

#include <algorithm>
#include <string>

#include "catalog/definition_rules.hpp"

namespace tablegate::loader {
namespace {

void promote(Database& catalog, const std::string& table, int64_t generation, int64_t rows) {
  const std::string number = std::to_string(generation);
  // The unique index allows one current row at any moment: first away with the old one.
  catalog.query(
      "UPDATE tablegate.generation SET status = 'pruned' WHERE table_name = $1 AND status = 'previous'"
      " AND generation <> $2",
      {table, number});
  catalog.query(
      "UPDATE tablegate.generation SET status = 'previous' WHERE table_name = $1 AND status = 'current'"
      " AND generation <> $2",
      {table, number});
  catalog.query(
      "UPDATE tablegate.generation SET status = 'current', row_count = $3,"
      " finished_at = coalesce(finished_at, clock_timestamp()) WHERE table_name = $1 AND generation = $2",
      {table, number, std::to_string(rows)});
  catalog.query(
      "SELECT pg_catalog.pg_notify('tablegate_generation', pg_catalog.json_build_object('table', $1::text,"
      " 'generation', $2::bigint)::text)",
      {table, number});
}

}  // namespace

void reconcile_generations(Database& catalog, const std::string& table,
                           const std::vector<GenerationTable>& tables) {
  const std::optional<GenerationTable> serving = serving_generation(tables);
  Transaction transaction(catalog);
  if (serving) {
    const Rows known = catalog.query(
        "SELECT status FROM tablegate.generation WHERE table_name = $1 AND generation = $2 AND status <> "
        "'current'",
        {table, std::to_string(serving->generation)});
    if (!known.empty()) promote(catalog, table, serving->generation, serving->rows);
  }
  catalog.query(
      "UPDATE tablegate.generation SET status = 'failed', finished_at = clock_timestamp()"
      " WHERE table_name = $1 AND status = 'loading'",
      {table});
  transaction.commit();
}

int64_t begin_generation(Database& catalog, const TableSpec& spec, const std::string& source,
                         const std::vector<GenerationTable>& tables) {
  int64_t highest = 0;
  for (const GenerationTable& table : tables) highest = std::max(highest, table.generation);
  const Rows rows = catalog.query(
      "INSERT INTO tablegate.generation (table_name, generation, status, source, columns)"
      " SELECT $1, greatest(coalesce(max(generation), 0), $2::bigint) + 1, 'loading', $3, $4::json"
      " FROM tablegate.generation WHERE table_name = $1 RETURNING generation",
      {spec.name, std::to_string(highest), source, columns_text(spec.columns)});
  return rows.integer(0, 0);
}

void fail_generation(Database& catalog, const std::string& table, int64_t generation) {
  catalog.query(
      "UPDATE tablegate.generation SET status = 'failed', finished_at = clock_timestamp()"
      " WHERE table_name = $1 AND generation = $2 AND status = 'loading'",
      {table, std::to_string(generation)});
}

void finish_generation(Database& catalog, const std::string& table, int64_t generation, int64_t rows) {
  Transaction transaction(catalog);
  promote(catalog, table, generation, rows);
  transaction.commit();
}

std::vector<int64_t> leftovers(Database& catalog, const std::string& table,
                               const std::vector<GenerationTable>& tables) {
  const Rows kept = catalog.query(
      "SELECT generation FROM tablegate.generation WHERE table_name = $1 AND status IN ('current', "
      "'previous')",
      {table});
  std::vector<int64_t> generations;
  for (const GenerationTable& candidate : tables) {
    bool keep = candidate.serving;
    for (int row = 0; row < kept.size(); ++row) keep = keep || kept.integer(row, 0) == candidate.generation;
    if (!keep) generations.push_back(candidate.generation);
  }
  return generations;
}

}  // namespace tablegate::loader
