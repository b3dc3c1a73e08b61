// What a load takes over from the serving generation: the partitions that it
// does not bring (or that have not changed since), or, merging, the rows whose
// keys it does not bring. The new generation holds the whole table, so that
// readers and a rollback always see a whole one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "mirror/mirror_tables.hpp"
#include "mirror/table_spec.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct ServingState;

struct LoadMode {
  bool merge = false;    // by primary key
  bool full = false;     // everything is fetched, nothing is taken over
  bool dry_run = false;  // nothing is kept
  int keep = 2;          // generations to keep, including the serving one
};

class CarryOver {
 public:
  // Decides what is taken over, and what the source need not fetch. Throws Refused where the serving
  // generation does not fit.
  CarryOver(Database& catalog, const TableSpec& spec, const std::optional<GenerationTable>& serving,
            TableSource& source, const LoadMode& mode);

  // Neither the source nor the Table's definition has changed since the serving generation.
  bool unchanged() const { return unchanged_; }
  bool copies() const { return what_ != What::nothing; }
  // Copies the rows into the new generation, after the source's rows and before it is sealed. Returns the
  // number of rows.
  int64_t copy(Database& mirror, int64_t generation) const;
  // The known partitions of the new generation; with the row counts of those that were fetched.
  std::vector<SourcePartition> partitions(TableSource& source) const;

 private:
  enum class What { nothing, these, others, other_keys };

  void plan_whole(PartitionedSource& source, const ServingState& state, const std::string& keys);
  void plan_some(const PartitionedSource& source, const ServingState& state);
  void require_same_columns(const ServingState& state, const std::string& option) const;

  const TableSpec& spec_;
  std::optional<GenerationTable> serving_;
  What what_ = What::nothing;
  bool unchanged_ = false;
  std::vector<std::string> keys_;            // columns that identify partitions
  std::vector<SourcePartition> chosen_;      // these, or all except these
  std::vector<SourcePartition> remembered_;  // of what is taken over
};

}  // namespace tablegate::loader
