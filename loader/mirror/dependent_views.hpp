// Views that people have made over mirrored tables. A view reads the relation
// that served when it was made: after the next load that is an old generation,
// which the view also keeps from being dropped. Loads and `table status` name
// such views, and rebind_views() makes them read the serving generation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/database.hpp"

namespace tablegate::loader {

struct DependentView {
  std::string name;  // "reports.users", quoted as SQL requires
  std::string table;
  std::string relation;  // in schema mirror
  int64_t generation = 0;
  bool serving = false;  // it reads what gateways read
  bool materialized = false;
};
// By table and name. `table` empty: of all tables.
std::vector<DependentView> dependent_views(Database& mirror, const std::string& table);

// One line for each view that reads an old generation, with what helps.
std::vector<std::string> stale_view_lines(const std::vector<DependentView>& views);

struct ReboundView {
  std::string name;
  std::string fault;  // empty: it reads the serving generation now
};
// Replaces the definition of each view that reads an old generation, by CREATE OR REPLACE VIEW: the view's
// owner, rights and options stay. Requires the rights of the view's owner. A materialized view cannot be
// replaced, and neither can a view of a column that is gone or has another type: that is its fault.
std::vector<ReboundView> rebind_views(Database& mirror, const std::string& table);

// `definition` (as pg_get_viewdef gives it, with all names qualified) with relation `from` of schema mirror
// replaced by `to`. `alias`: what follows it as its alias. Texts and quoted names stay. For tests.
std::string with_relation(const std::string& definition, const std::string& from, const std::string& to,
                          const std::string& alias);

}  // namespace tablegate::loader
