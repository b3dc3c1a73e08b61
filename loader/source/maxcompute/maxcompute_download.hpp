// Fetches the rows of a table in parallel ranges and passes them on as COPY
// text. Memory is bounded: the threads wait while PostgreSQL is slower than the
// network. A range whose stream breaks continues after its last whole record.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "source/maxcompute/maxcompute_service.hpp"
#include "source/maxcompute/maxcompute_type.hpp"

namespace tablegate::loader {

struct DownloadPlan {
  MaxComputeProject project;  // with its tunnel
  std::string table;
  std::string query;                    // a SELECT instead of the table, or empty
  std::vector<NamedValues> partitions;  // each with all keys; a single empty one where the table has no keys
  std::vector<SourceColumn> columns;    // of the stream, in the source's order
  std::vector<MaxComputeType> types;    // of the columns
  bool all_columns = true;              // of the source: no names are needed
  std::vector<std::string> keys;        // partition keys whose values follow the columns of each row
  unsigned jobs = 4;
  std::string encoding;  // Accept-Encoding of the data: "deflate", "zstd" or empty
};

struct DownloadProgress {
  uint64_t rows = 0;
  uint64_t bytes = 0;  // decompressed
  uint64_t total = 0;  // rows; 0: not all sessions are open yet
};

// Takes whole rows. False: the receiver has failed, and the download ends.
using RowSink = std::function<bool(std::string_view rows, const DownloadProgress& progress)>;

// Returns the number of records that the service reported, by partition of the plan; all of them were passed
// on (unless `sink` returned false). Throws Refused, ServiceError, SourceChanged, SystemFailure.
std::vector<uint64_t> download(const DownloadPlan& plan, MaxComputeAccount& account,
                               const HttpPatience& patience, const RowSink& sink);

}  // namespace tablegate::loader
