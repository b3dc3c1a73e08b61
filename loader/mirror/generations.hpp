// The catalog's rows about generations: loading, current, previous, pruned,
// failed. They follow what the mirror really holds (mirror_tables.hpp). Only
// the holder of the table's loader lock writes them.
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

// Repairs the rows of a loader that died: those still 'loading' get the state that the mirror shows.
void reconcile_generations(Database& catalog, const std::string& table,
                           const std::vector<GenerationTable>& tables);

// The number of the next generation: above all numbers in the catalog and the mirror.
int64_t next_generation(Database& catalog, const std::string& table,
                        const std::vector<GenerationTable>& tables);
// Writes the row of a new generation as 'loading' and returns its number.
int64_t begin_generation(Database& catalog, const TableSpec& spec, const std::string& source,
                         const std::vector<GenerationTable>& tables);

// The catalog's record of where the rows come from. Written before the swap, so that it is complete even if
// the loader dies directly after it.
struct GenerationSource {
  std::optional<SourceTime> time;
  std::string origin;                       // of the partitions
  std::vector<SourcePartition> partitions;  // the known ones, of all that the generation holds
};
void describe_generation(Database& catalog, const TableSpec& spec, int64_t generation,
                         const GenerationSource& source);
// What it is built with besides its columns: {"primary_key","indexes"}.
std::string keys_text(const TableSpec& spec);

// One more index was built on a generation.
void generation_indexed(Database& catalog, const std::string& table, int64_t generation,
                        const std::vector<std::string>& columns);

// A refresh has found that its source has not changed.
void generation_checked(Database& catalog, const std::string& table, int64_t generation);

void fail_generation(Database& catalog, const std::string& table, int64_t generation);

// After the swap: `generation` becomes current, the one before it previous; older ones are pruned until
// `keep` are left. Notifies tablegate_generation: {"table","generation"}. `loaded_at`: of the mirror.
constexpr int kKeepAll = 1000;
void finish_generation(Database& catalog, const std::string& table, int64_t generation, int64_t rows,
                       const std::string& loaded_at, int keep);

// The mirror's generations that are neither serving nor the previous one.
std::vector<int64_t> leftovers(Database& catalog, const std::string& table,
                               const std::vector<GenerationTable>& tables);

}  // namespace tablegate::loader
