// What `table status` and `table columns` print, as a table for people or as
// JSON for scripts. The JSON is part of the contract: fields are only added.
#pragma once

#include <string>

#include "cli/cli.hpp"

namespace tablegate::loader {

// `name` empty: all tables. JSON:
// [{"table","generation","status","rows","source","loaded_by","started_at","finished_at"}],
// newest generation first; pruned and failed ones only in JSON and only for a named table. Throws Refused: no
// such table.
void print_table_status(const Settings& settings, Database& catalog, const std::string& name);

// JSON: [{"name","type","sql_type","not_null","primary_key","parameter_type"}], in the table's order.
void print_table_columns(Database& catalog, const std::string& name, bool json);

}  // namespace tablegate::loader
