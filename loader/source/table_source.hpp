// Where the rows of a load come from. Each source copies its rows into an empty
// table by one COPY of its own. The caller owns the transaction and decides
// whether it commits.
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

// The source has changed since the load began: no row may be kept; a new load may succeed.
struct SourceChanged : Refused {
  using Refused::Refused;
};

// Columns of the Table are missing in the source, or have other types there now.
struct SourceDrift : Refused {
  SourceDrift(std::vector<std::string> column_names, const std::string& message, const Hint& next)
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
  // As the catalog stores it with the generation: "csv:users.csv".
  virtual std::string label() const = 0;
  // The newest change that the rows hold. Known after copy_into(), if at all.
  virtual std::optional<SourceTime> source_time() const { return std::nullopt; }
  // Itself, if its rows come in partitions that the mirror can tell apart; else nullptr.
  virtual PartitionedSource* partitioned() { return nullptr; }
  // A remark on a successful load, such as rows that were set aside, or empty.
  virtual std::string remark() const { return {}; }
};

}  // namespace tablegate::loader
