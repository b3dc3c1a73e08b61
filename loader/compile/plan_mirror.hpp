// The session in which the plan gate asks the mirror: as tablegate_tester, read-only.
// Statements are prepared and explained as a gateway prepares them, never run.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "compile/index_advice.hpp"
#include "compile/plan_scans.hpp"
#include "core/plan/statement.hpp"
#include "core/plan/table_generations.hpp"

namespace tablegate::loader {

class PlanMirror {
 public:
  // Throws SystemFailure when the mirror cannot be reached, or this user cannot become the tester.
  explicit PlanMirror(const std::string& dsn);

  // How long each statement from now on may take. Without it: 30 s.
  void limit(std::chrono::milliseconds longest);

  // Finds where the tables of a manifest are read, for all that follows. The manifest outlives this.
  void locate(const core::Manifest& manifest);
  const core::TableGenerations* generations() const { return generations_ ? &*generations_ : nullptr; }
  // The table that a relation serves.
  const std::string& table(const std::string& relation) const;
  // As the last ANALYZE has counted; 0: not known.
  double rows(const std::string& relation) const;

  // Of all indexes of the tables.
  const FirstColumns& first_columns() const { return first_columns_; }
  // That a relation has, without its primary key.
  std::vector<IndexColumns> indexes(const std::string& relation);

  struct Output {
    std::string name, type;  // as PostgreSQL prints types: "timestamp with time zone"
    uint32_t oid = 0;        // of its type
  };
  // Of a statement, which is prepared and forgotten. Throws as explain() does.
  std::vector<Output> describe(const core::Statement& statement);

  struct Plans {
    std::string samples, generic;  // JSON, as EXPLAIN returns it
  };
  // `values`: of the placeholders; null: they are not known, and Plans::samples is empty. Throws
  // DatabaseError when PostgreSQL does not accept the statement.
  Plans explain(const core::Statement& statement, const std::vector<const char*>* values);

 private:
  Database session_;
  std::optional<core::TableGenerations> generations_;
  std::map<std::string, std::string> tables_;  // relation -> table
  std::map<std::string, double> rows_;         // by relation
  std::map<uint32_t, std::string> types_;      // names by OID
  FirstColumns first_columns_;
};

}  // namespace tablegate::loader
