// The plan gate of `api commit`: each path of an API's statement is prepared on the
// real mirror as tablegate_tester, read-only, and explained with the samples and as a
// generic plan. A path that reads a whole large table in both plans is a scan that
// callers would wait for. One connection, opened by the first check and kept.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compile/index_advice.hpp"
#include "model/manifest_entries.hpp"

namespace tablegate::loader {

class PlanMirror;

// Tables with more rows than this are not to be read from end to end by a call.
inline constexpr double kLargeTable = 10000;

struct PathPlan {
  std::vector<std::string> with;  // optional parameters that are present
  std::string statement;
  std::string samples;  // of EXPLAIN (FORMAT JSON), with the samples; empty: one of its values has no sample
  std::string generic;  // the same with values that are not known
};

struct TableScan {
  std::string call;  // which calls, in words
  std::string table;
  double rows = 0;      // of the table, as PostgreSQL estimates
  IndexColumns index;   // that would help; empty: none
  bool exists = false;  // the table has an index for it, which PostgreSQL does not use
  IndexColumns like;    // columns that are compared with LIKE
};

struct PlanReport {
  std::string unchecked;  // why there are no plans; empty: there are
  std::vector<PathPlan> paths;
  std::vector<TableScan> scans;
  std::vector<std::string> warnings;  // sentences

  // The tables of `scans`, sorted.
  std::vector<std::string> scanned_tables() const;
  // The list that a version keeps: [{"with","statement","samples","generic"}], empty: unchecked.
  std::string text() const;
};

// PlanReport::text() back. Throws SystemFailure for what is no such text; `what` names it.
std::vector<PathPlan> read_path_plans(const std::string& text, const std::string& what);

class PlanGate {
 public:
  explicit PlanGate(std::string mirror_dsn);
  ~PlanGate();
  PlanGate(const PlanGate&) = delete;
  PlanGate& operator=(const PlanGate&) = delete;

  // Throws Refused when PostgreSQL does not accept the statement of a path. A mirror that cannot be reached,
  // or that does not have the table, leaves the report unchecked. What was checked with the same `digest`
  // before is not asked for again.
  const PlanReport& check(const ApiEntry& api, const std::string& digest);

 private:
  PlanReport ask(const ApiEntry& api);

  std::string mirror_dsn_;
  std::unique_ptr<PlanMirror> mirror_;
  std::string unreachable_;  // why; it is not tried again for each API
  std::map<std::string, PlanReport> known_;
};

struct ApiScans {
  std::string api;
  std::vector<TableScan> scans;
};
// Throws Refused, naming API, path, table and index, when there are scans.
void refuse_scans(const std::vector<ApiScans>& apis);
// One scan of an API as a sentence.
std::string scan_text(const TableScan& scan);

// "a call without optional parameters", "a call with "a" and "b""; `only`: there is no other path, "every
// call".
std::string call_words(const std::vector<std::string>& with, bool only);

}  // namespace tablegate::loader
