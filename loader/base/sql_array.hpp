// Arrays in PostgreSQL's text form (manual, "Array Input and Output Syntax").
// A statement that works on many rows takes each column as one array and turns
// the arrays back into rows with unnest(): one round trip for all of them.
//   SqlArray ids; for (...) ids.add(id);
//   catalog.query("SELECT ... WHERE api_id = ANY ($1::bigint[])", {ids.take()});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tablegate::loader {

class SqlArray {
 public:
  void add(std::string_view value);
  // nullopt: NULL.
  void add_or_null(const std::optional<std::string>& value);
  // Empties the object.
  std::string take();

 private:
  std::string text_ = "{";
};

std::string sql_array(const std::vector<std::string>& values);

// The numbers of a bigint[] without NULL, as PostgreSQL writes it: "{1,2,3}".
std::vector<int64_t> read_number_array(std::string_view text);

}  // namespace tablegate::loader
