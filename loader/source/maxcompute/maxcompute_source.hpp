// A table or view of a MaxCompute project as a source of rows: reads its schema,
// matches it with the mirror's columns, chooses partitions, and streams the rows
// into COPY.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/ddl.hpp"
#include "source/copy_stream.hpp"
#include "source/maxcompute/maxcompute_download.hpp"
#include "source/maxcompute/maxcompute_service.hpp"
#include "source/partitioned_source.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

struct MaxComputeOptions {
  std::vector<std::string> partitions;  // "ds=20260101", all keys or the first ones
  bool all_partitions = false;
  bool of_table = false;  // `partitions` are the Table's own: it holds no others
  unsigned jobs = 4;
  std::string credentials;           // file, or empty: what the environment says
  std::string encoding = "deflate";  // "zstd", or empty: not compressed
};

// From the JSON of a DataSource.
MaxComputeProject read_project(const std::string& data_source);

class MaxComputeSource final : public TableSource, private PartitionedSource {
 public:
  // Asks the service for the table and refuses, by column, what does not fit. `columns`: of the mirror.
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
  std::vector<SourcePartition> partitions_;  // one without values where the table has none
  std::vector<PartitionValues> asked_;
  bool by_partition_ = false;
  bool whole_ = true;
  std::string origin_;  // the table's whole name
  std::string label_;
  std::optional<SourceTime> time_;
};

// The partition that "ds=20260101/hh='01'" names: the first keys of the table, in its order. Throws Refused.
NamedValues parse_partition(const std::string& text, const std::vector<SourceColumn>& keys);

}  // namespace tablegate::loader
