// Which source `table load` reads: --from, else the table's data source, with the
// options that belong to each. Options of other sources are rejected with a clear error,
// and so is a source that a service does not allow.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/table/csv_options.hpp"
#include "mirror/load.hpp"
#include "mirror/table_spec.hpp"
#include "source/maxcompute/maxcompute_source.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct LoadOptions {
  std::string table;
  std::string from;
  CsvArguments csv;
  MaxComputeOptions maxcompute;
  LoadLimits limits;
  LoadMode mode;
  std::vector<std::string> allowed;  // rules of the sources that may be read; none: every source
};

// Opens it. Throws Refused, WrongUsage, SystemFailure.
std::unique_ptr<TableSource> open_source(const LoadOptions& options, const TableSpec& spec);

}  // namespace tablegate::loader
