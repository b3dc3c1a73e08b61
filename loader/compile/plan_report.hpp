// What the plan gate finds of an API: the plan of each path of its statement, and the
// calls that read a whole large table. In words for people, and as the JSON that a
// version keeps.
#pragma once

#include <string>
#include <vector>

#include "compile/index_advice.hpp"

namespace tablegate::loader {

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
  bool sorted_only =
      false;  // it has no condition that an index could serve: the index is for the order alone
  bool mixed_order = false;  // the directions of order_by differ
  double matching = 0;       // rows, where so many match that an index is not used; 0: fewer

  // Whether to propose that the index is built.
  bool index_helps() const { return !index.empty() && !exists && matching == 0; }
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
