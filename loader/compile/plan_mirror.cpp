#include "compile/plan_mirror.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/sql_array.hpp"
#include "compile/relation_indexes.hpp"
#include "core/plan/table_generations.hpp"

namespace tablegate::loader {
namespace {

// Little that is only explained takes long: parts of a statement that are constant are computed then.
constexpr const char* kBegin =
    "SET ROLE tablegate_tester; SET default_transaction_read_only = on; SET statement_timeout = '30s';"
    "SET plan_cache_mode = force_generic_plan";
constexpr std::chrono::seconds kPatience{10};
constexpr const char* kName = "plan_gate";
constexpr const char* kExplain = "EXPLAIN (FORMAT JSON) ";

}  // namespace

PlanMirror::PlanMirror(const std::string& dsn) : session_(Database::connect(dsn, "the mirror", kPatience)) {
  session_.set_patience(std::chrono::milliseconds(0));  // each statement has its timeout
  session_.script(kBegin);
}

void PlanMirror::limit(std::chrono::milliseconds longest) {
  session_.script(fmt::format("SET statement_timeout = {}", longest.count()));
}

void PlanMirror::locate(const core::Manifest& manifest) {
  generations_.emplace(manifest);
  const Rows where =
      session_.query(std::string(core::kGenerationsSql) + " WHERE table_name = ANY ($1::text[])",
                     {sql_array(manifest.tables)});
  generations_->begin();
  for (int row = 0; row < where.size(); ++row) {
    std::array<core::Cell, core::kGenerationColumns> cells;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const int place = static_cast<int>(column);
      const std::string_view text = where.text(row, place);
      if (!where.null(row, place)) cells[column] = {text.data(), text.size()};
    }
    generations_->row(cells.data(), false);
  }
  generations_->end();
  tables_.clear();
  rows_.clear();
  std::vector<std::string> relations;
  for (const std::string& table : manifest.tables) {
    relations.emplace_back(generations_->relation(table));
    tables_.emplace(relations.back(), table);
  }
  const Rows counts = session_.query(
      "SELECT c.relname, greatest(c.reltuples, 0)::bigint FROM pg_catalog.pg_class c"
      " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE n.nspname = 'mirror' AND c.relname = ANY ($1::text[])",
      {sql_array(relations)});
  for (int row = 0; row < counts.size(); ++row)
    rows_.emplace(counts.string(row, 0), static_cast<double>(counts.integer(row, 1)));
  first_columns_ = list_first_columns(session_, relations);
}

const std::string& PlanMirror::table(const std::string& relation) const {
  const auto found = tables_.find(relation);
  return found == tables_.end() ? relation : found->second;
}

double PlanMirror::rows(const std::string& relation) const {
  const auto found = rows_.find(relation);
  return found == rows_.end() ? 0 : found->second;
}

std::vector<IndexColumns> PlanMirror::indexes(const std::string& relation) {
  return list_indexes(session_, relation);
}

std::vector<PlanMirror::Output> PlanMirror::describe(const core::Statement& statement) {
  session_.prepare(kName, statement.sql, statement.types);
  const Rows described = session_.describe(kName);
  session_.script(fmt::format("DEALLOCATE {}", kName));
  std::vector<Output> outputs;
  for (int column = 0; column < PQnfields(described.get()); ++column) {
    const uint32_t oid = described.type(column);
    const auto [known, first] = types_.try_emplace(oid);
    if (first)
      known->second =
          session_.query("SELECT pg_catalog.format_type($1, NULL)", {std::to_string(oid)}).string(0, 0);
    outputs.push_back({PQfname(described.get(), column), known->second, oid});
  }
  return outputs;
}

PlanMirror::Plans PlanMirror::explain(const core::Statement& statement,
                                      const std::vector<const char*>* values) {
  Plans plans;
  session_.prepare(kName, statement.sql, statement.types);
  std::string unknown;
  for (size_t i = 0; i < statement.types.size(); ++i) unknown += i == 0 ? "(NULL" : ", NULL";
  if (!unknown.empty()) unknown += ')';
  plans.generic = session_.query(fmt::format("{}EXECUTE {}{}", kExplain, kName, unknown)).string(0, 0);
  session_.script(fmt::format("DEALLOCATE {}", kName));
  if (values == nullptr) return plans;
  plans.samples = statement.types.empty()
                      ? plans.generic
                      : session_.query_typed(kExplain + statement.sql, statement.types, *values).string(0, 0);
  return plans;
}

}  // namespace tablegate::loader
