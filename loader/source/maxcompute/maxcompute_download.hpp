// The rows of a table, fetched in parallel ranges and handed on as COPY text.
// Memory is bounded: threads wait while PostgreSQL is slower than the network. A
// range whose stream breaks goes on behind its last whole record.
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
  std::string query;                    // a SELECT in place of the table, else empty
  std::vector<NamedValues> partitions;  // each with all keys; one without any where the table has none
  std::vector<SourceColumn> columns;    // that the stream brings, in the source's order
  std::vector<MaxComputeType> types;    // of them
  bool all_columns = true;              // of the source: none need be named
  std::vector<std::string> keys;        // partition keys whose values follow each row's columns
  unsigned jobs = 4;
  std::string encoding;  // Accept-Encoding of the data: "deflate", "zstd" or empty
};

struct DownloadProgress {
  uint64_t rows = 0;
  uint64_t bytes = 0;  // decompressed
  uint64_t total = 0;  // of rows; 0: not all sessions are open yet
};

// Takes whole rows. False: whoever takes them has failed, the download ends.
using RowSink = std::function<bool(std::string_view rows, const DownloadProgress& progress)>;

// Returns the number of records that the service told of, by partition of the plan; all of them were handed
// on (unless `sink` gave up). Throws Refused, ServiceError, SourceChanged, SystemFailure.
std::vector<uint64_t> download(const DownloadPlan& plan, MaxComputeAccount& account,
                               const HttpPatience& patience, const RowSink& sink);

}  // namespace tablegate::loader
