// Reads what EXPLAIN (FORMAT JSON) prints (PostgreSQL manual, EXPLAIN): which scans of
// a plan read a whole relation, and the plan as text for people.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json_text.hpp"

namespace tablegate::loader {

// A node that finds its rows without a condition on the first column of an index: a sequential scan, parallel
// or not, or an index that is read from one end to the other.
struct PlanScan {
  std::string relation;  // in schema mirror
  double cost = 0;       // as the planner estimates all of it
  // The share of it that is read before the LIMIT above has its rows, as the planner estimates; 1: all of it.
  double share = 1;
  double found = 0;       // rows that match, as the planner estimates
  bool index = false;     // of a whole index
  bool filtered = false;  // rows that do not match are read and left out
  // Under a LIMIT, with nothing between that reads more rows than it returns.
  bool bounded = false;
};

// The first column of each B-tree index, by the index's name. Any condition on another index finds its rows.
using FirstColumns = std::map<std::string, std::string, std::less<>>;

// `explained`: the list of one object that EXPLAIN returns.
std::vector<PlanScan> plan_scans(const JsonValue& explained, const FirstColumns& first_columns);

// As EXPLAIN's text format has it: nodes indented, their conditions below. Ends in a line feed.
std::string plan_text(const JsonValue& explained);

}  // namespace tablegate::loader
