// What `tablegate api generate` is asked for: the texts of --where and --order.
// `age>=:min_age` compares column age with parameter min_age, which a `?` at the
// end makes optional; `age:desc` sorts by age. A column's name may have any
// character, so texts are read from their end.
#pragma once

#include <string>
#include <string_view>

#include "model/api_definition.hpp"
#include "model/table_definition.hpp"

namespace tablegate::loader {

// One condition of the API: `column` compared with the parameter `name`.
struct AskedCondition {
  std::string column, name;
  Comparison comparison = Comparison::equal;
  bool required = true;
};

// The column; throws Refused, with the nearest name, where the table does not have it.
const TableColumn& require_column(const TableInfo& table, const std::string& name);

// Throw WrongUsage for a text that is none, Refused for a column that the table does not have.
AskedCondition read_asked_condition(const std::string& text, const TableInfo& table);
SortColumn read_asked_order(const std::string& text, const TableInfo& table);

// For a LIKE: what begins with the first characters of `value`.
std::string sample_pattern(std::string_view value);

}  // namespace tablegate::loader
