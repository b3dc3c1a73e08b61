// What a load takes over from the generation that serves: the partitions that it
// does not bring (or that have not changed since), or, merging, the rows whose
// keys it does not bring. The new generation holds all of it: readers change from
// one whole table to another, and a rollback goes back to a whole one.
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
  bool full = false;     // nothing is taken over, everything is fetched
  bool dry_run = false;  // nothing remains
  int keep = 2;          // generations, the serving one counted
};

class CarryOver {
 public:
  // Decides, and tells the source what it need not fetch. Throws Refused where the serving generation does
  // not fit.
  CarryOver(Database& catalog, const TableSpec& spec, const std::optional<GenerationTable>& serving,
            TableSource& source, const LoadMode& mode);

  // Nothing changed in the source since the serving generation, nor in what is built of it.
  bool unchanged() const { return unchanged_; }
  bool copies() const { return what_ != What::nothing; }
  // Into the new generation, once the source's rows are in it and before it is sealed. Returns the number of
  // rows.
  int64_t copy(Database& mirror, int64_t generation) const;
  // That the new generation holds, where each is known; with the rows of those that were fetched.
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
  std::vector<std::string> keys_;            // columns that tell partitions apart
  std::vector<SourcePartition> chosen_;      // these, or all but these
  std::vector<SourcePartition> remembered_;  // of what is taken over
};

}  // namespace tablegate::loader
