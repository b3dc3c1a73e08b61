#include "mirror/generations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/json_text.hpp"
#include "model/definition_rules.hpp"

namespace tablegate::loader {
namespace {

// Rows to keep about deleted generations; a table that is loaded every minute has half a million a year.
constexpr const char* kHistory = "200";

void forget_history(Database& catalog, const std::string& table) {
  catalog.query(
      "SELECT FROM tablegate.delete_as_developer('generation', (SELECT "
      "json_agg(json_build_object('table_name', "
      "table_name, 'generation', generation)) FROM tablegate.generation WHERE table_name = $1 AND status IN "
      "('pruned', 'failed') AND"
      " generation <= (SELECT generation FROM tablegate.generation WHERE table_name = $1 AND status IN "
      "('pruned', 'failed') ORDER BY generation DESC OFFSET $2 LIMIT 1)))",
      {table, kHistory});
}

// Deletes the records about partitions of deleted generations.
void forget_partitions(Database& catalog, const std::string& table) {
  catalog.query(
      "SELECT FROM tablegate.delete_as_developer('generation_partition', (SELECT json_agg(json_build_object("
      "'table_name', p.table_name, 'generation', p.generation, 'partition', p.partition)) FROM "
      "tablegate.generation_partition p WHERE p.table_name = $1 AND NOT EXISTS (SELECT FROM "
      "tablegate.generation g WHERE g.table_name = p.table_name AND g.generation = p.generation AND g.status "
      "IN "
      "('loading', 'current', 'previous'))))",
      {table});
}

// `loaded_at`: as the mirror has it; a rollback brings back exactly that.
void promote(Database& catalog, const std::string& table, int64_t generation, int64_t rows,
             const std::optional<std::string>& loaded_at, int keep) {
  const std::string number = std::to_string(generation);
  // The unique index allows one current row at any moment: the old row changes first.
  catalog.query(
      "UPDATE tablegate.generation SET status = 'previous', served_until = clock_timestamp()"
      " WHERE table_name = $1 AND status = 'current' AND generation <> $2",
      {table, number});
  catalog.query(
      "UPDATE tablegate.generation SET status = 'pruned' WHERE table_name = $1 AND status = 'previous' AND"
      " generation NOT IN (SELECT generation FROM tablegate.generation WHERE table_name = $1 AND status = "
      "'previous' AND generation <> $2 ORDER BY served_until DESC NULLS LAST, generation DESC LIMIT $3)"
      " AND generation <> $2",
      {table, number, std::to_string(keep - 1)});
  catalog.query(
      "UPDATE tablegate.generation SET status = 'current', row_count = $3,"
      " finished_at = coalesce(finished_at, $4, clock_timestamp()) WHERE table_name = $1 AND generation = $2",
      {table, number, std::to_string(rows), loaded_at});
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
    if (!known.empty())
      promote(catalog, table, serving->generation, serving->rows, serving->loaded_at, kKeepAll);
  }
  catalog.query(
      "UPDATE tablegate.generation SET status = 'failed', finished_at = clock_timestamp()"
      " WHERE table_name = $1 AND status = 'loading'",
      {table});
  forget_history(catalog, table);
  forget_partitions(catalog, table);
  transaction.commit();
}

int64_t next_generation(Database& catalog, const std::string& table,
                        const std::vector<GenerationTable>& tables) {
  int64_t highest = 0;
  for (const GenerationTable& one : tables) highest = std::max(highest, one.generation);
  const Rows rows = catalog.query(
      "SELECT greatest(coalesce(max(generation), 0), $2::bigint) + 1 FROM tablegate.generation WHERE "
      "table_name "
      "= $1",
      {table, std::to_string(highest)});
  return rows.integer(0, 0);
}

int64_t begin_generation(Database& catalog, const TableSpec& spec, const std::string& source,
                         const std::vector<GenerationTable>& tables) {
  const int64_t generation = next_generation(catalog, spec.name, tables);
  catalog.query(
      "INSERT INTO tablegate.generation (table_name, generation, status, source, columns) VALUES ($1, $2, "
      "'loading', $3, $4::json)",
      {spec.name, std::to_string(generation), source, columns_text(spec.columns)});
  return generation;
}

std::string keys_text(const TableSpec& spec) {
  std::string indexes;
  for (const std::vector<std::string>& columns : spec.indexes)
    indexes += (indexes.empty() ? "" : ",") + names_text(columns);
  return fmt::format("{{\"primary_key\":{},\"indexes\":[{}]}}", names_text(spec.primary_key), indexes);
}

void describe_generation(Database& catalog, const TableSpec& spec, int64_t generation,
                         const GenerationSource& source) {
  const std::string number = std::to_string(generation);
  Parameter time;
  if (source.time) time = source_time_text(*source.time);
  Transaction transaction(catalog);
  catalog.query(
      "UPDATE tablegate.generation SET source_time = $3::timestamptz, origin = nullif($4, ''), keys = "
      "$5::json"
      " WHERE table_name = $1 AND generation = $2",
      {spec.name, number, time, source.origin, keys_text(spec)});
  if (!source.partitions.empty()) {
    JsonDocument list(rapidjson::kArrayType);
    auto& allocator = list.GetAllocator();
    for (const SourcePartition& partition : source.partitions) {
      const auto size = static_cast<rapidjson::SizeType>(partition.name.size());
      JsonValue item(rapidjson::kArrayType);
      item.PushBack(JsonValue(partition.name.data(), size, allocator), allocator);
      item.PushBack(partition.modified, allocator).PushBack(partition.rows, allocator);
      list.PushBack(item, allocator);
    }
    catalog.query(
        "INSERT INTO tablegate.generation_partition SELECT $1, $2::bigint, item ->> 0, (item ->> 1)::bigint,"
        " (item ->> 2)::bigint FROM json_array_elements($3::json) AS list (item)",
        {spec.name, number, json_text(list)});
  }
  transaction.commit();
}

void generation_indexed(Database& catalog, const std::string& table, int64_t generation,
                        const std::vector<std::string>& columns) {
  const std::string number = std::to_string(generation);
  const Rows rows = catalog.query(
      "SELECT keys::text FROM tablegate.generation WHERE table_name = $1 AND generation = $2 AND keys IS NOT "
      "NULL",
      {table, number});
  JsonDocument keys;
  if (rows.empty() || !parse_json(rows.text(0, 0), keys).empty() || !keys.IsObject() ||
      !keys.HasMember("indexes"))
    return;  // of an older loader: nothing is known of its keys
  JsonDocument index(&keys.GetAllocator());
  parse_json(names_text(columns), index);
  keys["indexes"].PushBack(index, keys.GetAllocator());
  catalog.query("UPDATE tablegate.generation SET keys = $3::json WHERE table_name = $1 AND generation = $2",
                {table, number, json_text(keys)});
}

void generation_checked(Database& catalog, const std::string& table, int64_t generation) {
  catalog.query(
      "UPDATE tablegate.generation SET checked_at = clock_timestamp() WHERE table_name = $1 AND generation = "
      "$2",
      {table, std::to_string(generation)});
}

void fail_generation(Database& catalog, const std::string& table, int64_t generation) {
  catalog.query(
      "UPDATE tablegate.generation SET status = 'failed', finished_at = clock_timestamp()"
      " WHERE table_name = $1 AND generation = $2 AND status = 'loading'",
      {table, std::to_string(generation)});
}

void finish_generation(Database& catalog, const std::string& table, int64_t generation, int64_t rows,
                       const std::string& loaded_at, int keep) {
  Transaction transaction(catalog);
  promote(catalog, table, generation, rows, loaded_at, keep);
  forget_partitions(catalog, table);
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
