// What the catalog knows of tables and their generations, for reports.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct DefinedTable {
  std::string name, data_source;
  bool loaded = false;     // it has a current generation
  bool refreshed = false;  // its definition has a refresh
};
// By name. `name` empty: all. Throws Refused where there is no such table.
std::vector<DefinedTable> list_tables(Database& catalog, const std::string& name);

struct GenerationState {
  long long generation = 0;
  std::string status;  // loading, current, previous, pruned, failed
  std::optional<long long> rows;
  std::string source, loaded_by;
  // "2027-01-31T08:00:00Z"
  std::optional<std::string> started_at, finished_at, source_time, checked_at;
  std::optional<std::string> age;  // "01:02:03", "2 days 01:02:03": since it was loaded or checked
  std::optional<long long> age_seconds;
};
struct TableStatus {
  std::string name;
  std::vector<GenerationState> generations;  // the newest first
};
// By name. `name` empty: all. `all`: pruned and failed generations too. Throws Refused where there is no such
// table.
std::vector<TableStatus> table_status(Database& catalog, const std::string& name, bool all);

}  // namespace tablegate::loader
