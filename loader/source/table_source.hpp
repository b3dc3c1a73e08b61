// Where the rows of a load come from. Each source brings its rows into an empty
// table by one COPY of its own; the transaction is the caller's, and so is
// whatever becomes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/database.hpp"
#include "base/refusal.hpp"
#include "source/partitioned_source.hpp"
#include "source/source_time.hpp"

namespace tablegate::loader {

struct CopyProgress {
  uint64_t rows = 0;        // sent so far
  uint64_t bytes = 0;       // taken from the source
  uint64_t total = 0;       // of bytes, 0: not known
  uint64_t total_rows = 0;  // 0: not known
};

using ProgressWatch = std::function<void(const CopyProgress&)>;

// The source is no longer what the load began with: nothing of it may be kept, a new load may do.
struct SourceChanged : Refused {
  using Refused::Refused;
};

// Columns that the Table has are gone from the source, or are of other types there now.
struct SourceDrift : Refused {
  SourceDrift(std::vector<std::string> column_names, const std::string& message, const std::string& next)
      : Refused(message, next), columns(std::move(column_names)) {}
  std::vector<std::string> columns;
};

class TableSource {
 public:
  virtual ~TableSource() = default;

  // Runs COPY into `table` (quoted already) and returns the number of rows. `freeze`: the table was created
  // in this transaction. `progress` is called after each chunk. Throws Refused for data that cannot be
  // loaded.
  virtual int64_t copy_into(Database& database, const std::string& table, bool freeze,
                            const ProgressWatch& progress) = 0;
  // As the catalog keeps it with the generation: "csv:users.csv".
  virtual std::string label() const = 0;
  // When the rows were as they are: the newest change that they hold. Known once copy_into() is done, where
  // it can be.
  virtual std::optional<SourceTime> source_time() const { return std::nullopt; }
  // Itself, where its rows come in partitions that the mirror can tell apart; else nullptr.
  virtual PartitionedSource* partitioned() { return nullptr; }
  // What is to be told of a load that went well, or empty: rows that were put aside.
  virtual std::string remark() const { return {}; }
};

}  // namespace tablegate::loader
