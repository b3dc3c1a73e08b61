// What differs between two definitions of one object, field by field: between two
// versions of an API, or between files and the catalog.
#pragma once

#include <string>
#include <vector>

namespace tablegate::loader {

// Items of lists are told apart by their names where they have some.
struct FieldChange {
  std::string field;     // JSON pointer, with names in place of numbers: /request_parameters/user_id/type
  std::string from, to;  // JSON texts; empty: there is none
};

// Both are JSON objects, or empty: there is none, so that every field differs. `field` is put before each
// pointer. In the order of `from`, what is new last.
std::vector<FieldChange> json_changes(const std::string& field, const std::string& from,
                                      const std::string& to);
// The same without `kind` and `name`, which say which object it is.
std::vector<FieldChange> diff_definitions(const std::string& from, const std::string& to);

}  // namespace tablegate::loader
