// A source that a load can take partition by partition: which partitions were
// requested, when each was last changed, and which columns of the mirror hold
// their keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tablegate::loader {

using PartitionValues = std::vector<std::pair<std::string, std::string>>;  // names of keys and values

// Whether the partition's first keys have the values of `prefix`.
inline bool begins_as(const PartitionValues& partition, const PartitionValues& prefix) {
  return prefix.size() <= partition.size() && std::equal(prefix.begin(), prefix.end(), partition.begin());
}

struct SourcePartition {
  std::string name;        // "ds=20260101,hh=01"
  PartitionValues values;  // of all keys, in their order
  int64_t modified = 0;    // seconds since 1970; 0: not known
  int64_t rows = 0;        // known once they were copied
};

class PartitionedSource {
 public:
  virtual ~PartitionedSource() = default;

  virtual std::vector<std::string> partition_keys() const = 0;
  // The partitions to fetch; copy_into() sets their row counts.
  virtual const std::vector<SourcePartition>& partitions() const = 0;
  // The requested partitions, by all keys or the first ones; empty: all.
  virtual const std::vector<PartitionValues>& asked() const = 0;
  // Before copy_into(): fetch only these of them.
  virtual void fetch_only(std::vector<SourcePartition> partitions) = 0;
  // Whether the table must hold these partitions and no others; if false, others are kept.
  virtual bool holds_no_others() const = 0;
  // The source's table: partitions of different tables are never the same.
  virtual std::string origin() const = 0;
};

}  // namespace tablegate::loader
