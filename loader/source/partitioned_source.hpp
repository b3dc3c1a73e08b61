// What a source tells of itself that a load can take partition by partition: which
// ones were asked for, when each changed last, and which columns of the mirror tell
// their rows apart.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tablegate::loader {

using PartitionValues = std::vector<std::pair<std::string, std::string>>;  // names of keys and values

// Whether a partition is within what the first keys name.
inline bool begins_as(const PartitionValues& partition, const PartitionValues& prefix) {
  return prefix.size() <= partition.size() && std::equal(prefix.begin(), prefix.end(), partition.begin());
}

struct SourcePartition {
  std::string name;        // "ds=20260101,hh=01"
  PartitionValues values;  // of all keys, in their order
  int64_t modified = 0;    // seconds since 1970; 0: not told
  int64_t rows = 0;        // once they were copied
};

class PartitionedSource {
 public:
  virtual ~PartitionedSource() = default;

  virtual std::vector<std::string> partition_keys() const = 0;
  // Those that are to be fetched; copy_into() fills in their rows.
  virtual const std::vector<SourcePartition>& partitions() const = 0;
  // What named them, by all keys or the first ones; empty: all there are.
  virtual const std::vector<PartitionValues>& asked() const = 0;
  // Before copy_into(): only these of them.
  virtual void fetch_only(std::vector<SourcePartition> partitions) = 0;
  // Whether the table is to hold these partitions and no others; else others stay as they are.
  virtual bool holds_no_others() const = 0;
  // The source's table: partitions of another one are never the same.
  virtual std::string origin() const = 0;
};

}  // namespace tablegate::loader
