// `table watch`: runs `table load` for each table on its `refresh` schedule, as
// a separate process, one at a time per table. The watcher of a table holds an
// advisory lock on it in the catalog, so that several watchers share the
// tables, and another one takes over when one dies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct WatchOptions {
  std::vector<std::string> tables;   // empty: all that have a refresh
  std::vector<std::string> command;  // of a load; the allowed sources and the table's name are added
  // The rules of the sources that may be read now (model/allowed_sources.hpp). None: nothing is loaded.
  // Throws Failure.
  std::function<std::vector<std::string>()> allowed;
  int keep = 2;              // generations, as for a load
  int jobs = 2;              // loads at the same time
  int retries = 3;           // after a failure, before the schedule continues
  int64_t retry_pause = 60;  // seconds before the first, then doubled each time
  int64_t jitter = 10;       // seconds at most, and at most a tenth of the time to the next load
  bool once = false;         // load what is due now, then end
};

// Runs until SIGTERM or SIGINT, which end the running loads as Ctrl-C ends a load. `open_catalog` connects;
// an outage of the catalog is waited out. Returns the number of failed loads (with `once` it decides the exit
// status).
int watch_tables(const std::function<Database()>& open_catalog, const WatchOptions& options);

}  // namespace tablegate::loader
