// A table or query of another PostgreSQL as a source of rows: COPY there into
// COPY here, in one snapshot, binary where the types agree, as text otherwise.
// Columns are matched by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "source/copy_stream.hpp"
#include "source/postgresql/postgresql_catalog.hpp"
#include "source/table_source.hpp"

namespace tablegate::loader {

class PostgresSource final : public TableSource {
 public:
  // Connects; throws Refused, naming the column, for columns that do not fit. `columns`: of the mirror.
  PostgresSource(const PostgresRows& rows, std::vector<TableColumn> columns);

  int64_t copy_into(Database& database, const std::string& table, bool freeze,
                    const ProgressWatch& progress) override;
  std::string label() const override { return label_; }
  std::optional<SourceTime> source_time() const override { return time_; }

 private:
  void plan(const PostgresTable& table);
  uint64_t stream(CopyStream& copy, const ProgressWatch& progress);
  [[noreturn]] void refuse_source(const PGresult* result) const;

  std::vector<TableColumn> columns_;
  Database source_;
  std::string label_;
  std::string copy_;  // COPY (SELECT ...) TO STDOUT
  bool binary_ = true;
  SourceTime time_;  // of the snapshot
};

}  // namespace tablegate::loader
