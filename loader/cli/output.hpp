// What commands print: aligned tables for people, JSON for scripts (-o json,
// whose shapes are part of the contract).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_output.hpp"

namespace tablegate::loader {

// The first row holds the headings. Columns are aligned by characters, two spaces between them.
void print_table(const std::vector<std::vector<std::string>>& rows);
void print_line(const std::string& line);

// "one row", "3 rows".
std::string plural(size_t count, const std::string& noun);

// {"name","action"}: what a verb did to one object.
void print_action(const std::string& name, const std::string& action);

}  // namespace tablegate::loader
