// The catalog's rows about generations: loading, current, previous, pruned,
// failed. They follow what the mirror really holds (mirror_tables.hpp); only the
// holder of the table's loader lock writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/table_spec.hpp"
#include "source/partitioned_source.hpp"
#include "source/source_time.hpp"

namespace tablegate::loader {

// Sets right what a loader left behind that died: rows still 'loading' become what the mirror says they are.
void reconcile_generations(Database& catalog, const std::string& table,
                           const std::vector<GenerationTable>& tables);

// The number of the next generation: above all that the catalog and the mirror know.
int64_t next_generation(Database& catalog, const std::string& table,
                        const std::vector<GenerationTable>& tables);
// Writes the row of a new generation as 'loading' and returns its number.
int64_t begin_generation(Database& catalog, const TableSpec& spec, const std::string& source,
                         const std::vector<GenerationTable>& tables);

// What the catalog keeps of where its rows come from. Written before the swap, so that a loader that dies
// right after it has left nothing out.
struct GenerationSource {
  std::optional<SourceTime> time;
  std::string origin;                       // of the partitions
  std::vector<SourcePartition> partitions;  // that are known, of all that it holds
};
void describe_generation(Database& catalog, const TableSpec& spec, int64_t generation,
                         const GenerationSource& source);
// What it is built with beside its columns: {"primary_key","indexes"}.
std::string keys_text(const TableSpec& spec);

// A refresh has found that its source has not changed.
void generation_checked(Database& catalog, const std::string& table, int64_t generation);

void fail_generation(Database& catalog, const std::string& table, int64_t generation);

// After the swap: `generation` is current, the one before it previous; those that served longest ago are
// pruned, so that `keep` are left. Who listens to tablegate_generation is told: {"table","generation"}.
constexpr int kKeepAll = 1000;
void finish_generation(Database& catalog, const std::string& table, int64_t generation, int64_t rows,
                       int keep);

// Generations that the mirror still holds and that are neither serving nor the previous one.
std::vector<int64_t> leftovers(Database& catalog, const std::string& table,
                               const std::vector<GenerationTable>& tables);

}  // namespace tablegate::loader
