// One load: a new generation beside the serving one, then the swap. If this
// process dies at any moment, the old generation keeps serving, and the next
// load of the table cleans up. Catalog and mirror may be two databases: nothing
// here needs a transaction over both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/database.hpp"
#include "mirror/carry_over.hpp"
#include "mirror/table_spec.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct LoadOutcome {
  int64_t generation = 0;
  int64_t rows = 0;
  int64_t carried = 0;     // of them: taken over from the previous generation
  bool unchanged = false;  // the source has not changed: this generation serves already
  bool dry_run = false;    // the generation that would have been made
};

// The least that the new generation must hold.
struct LoadLimits {
  std::optional<int64_t> min_rows;   // not set: 1 if the serving generation has rows
  std::optional<double> max_shrink;  // percent of the serving generation's rows that may be missing
};

struct LoadWatch {
  ProgressWatch copying;                              // after each chunk
  std::function<void(const std::string& step)> step;  // "building indexes", "swapping"
};

// Throws Refused for data that cannot be loaded; the table then serves what it served before.
LoadOutcome load_table(Database& catalog, Database& mirror, const TableSpec& spec, TableSource& source,
                       const LoadLimits& limits, const LoadMode& mode, const LoadWatch& watch);

}  // namespace tablegate::loader
