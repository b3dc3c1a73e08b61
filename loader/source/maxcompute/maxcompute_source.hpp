// A table or view of a MaxCompute project as a source of rows: reads its
// schema, matches it with the mirror's columns, chooses partitions, and streams
// the rows into COPY.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/table_definition.hpp"
#include "source/copy_stream.hpp"
#include "source/maxcompute/maxcompute_download.hpp"
#include "source/maxcompute/maxcompute_service.hpp"
#include "source/partitioned_source.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct MaxComputeOptions {
  std::vector<std::string> partitions;  // "ds=20260101", all keys or the first ones
  bool all_partitions = false;
  bool of_table = false;  // `partitions` are those of the Table: it holds no others
  unsigned jobs = 4;
  std::string credentials;           // a file, or empty: the environment's
  std::string encoding = "deflate";  // "zstd", or empty: not compressed
};

MaxComputeProject project_of(const DataSourceDefinition& source);

class MaxComputeSource final : public TableSource, private PartitionedSource {
 public:
  // Asks the service for the table; throws Refused, naming the column, for columns that do not fit.
  // `columns`: of the mirror.
  MaxComputeSource(const MaxComputeProject& project, const std::string& table,
                   std::vector<TableColumn> columns, const MaxComputeOptions& options);

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return label_; }
  std::optional<SourceTime> source_time() const override { return time_; }
  PartitionedSource* partitioned() override { return by_partition_ ? this : nullptr; }

 private:
  std::vector<std::string> partition_keys() const override { return plan_.keys; }
  const std::vector<SourcePartition>& partitions() const override { return partitions_; }
  const std::vector<PartitionValues>& asked() const override { return asked_; }
  void fetch_only(std::vector<SourcePartition> partitions) override { partitions_ = std::move(partitions); }
  bool holds_no_others() const override { return whole_; }
  std::string origin() const override { return origin_; }

  void plan_columns(const SourceTable& source);
  void choose_partitions(MaxComputeService& service, const SourceTable& source,
                         const MaxComputeOptions& options);
  void find_partitions(MaxComputeService& service, const SourceTable& source,
                       const std::vector<std::string>& texts);
  void plan_query(MaxComputeService& service);

  std::vector<TableColumn> columns_;
  std::unique_ptr<MaxComputeAccount> account_;
  HttpPatience patience_;
  DownloadPlan plan_;
  std::vector<SourcePartition> partitions_;  // a single empty one where the table has no keys
  std::vector<PartitionValues> asked_;
  bool by_partition_ = false;
  bool whole_ = true;
  std::string origin_;  // the table's whole name
  std::string label_;
  std::optional<SourceTime> time_;
};

// The partition of "ds=20260101/hh='01'": the first keys of the table, in its order. Throws Refused.
NamedValues parse_partition(const std::string& text, const std::vector<SourceColumn>& keys);

}  // namespace tablegate::loader
